"""How long does the report of a big run take, and how large is it? And a made run of any size, to look at.

    python benchmarks/big_run.py --json figures.json
    python benchmarks/big_run.py --keep runs/big     # only make it

No model and no teacher is asked: every record is made up, of the sizes that problems such as MATH's have.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import yaml

from supercorrect.arms import arm_names, corrects_itself
from supercorrect.config import Recipe, load_recipe
from supercorrect.formats import render_correction, render_steps
from supercorrect.manifest import Manifest, StageEntry
from supercorrect.records import (
    Attempt,
    CorrectedStep,
    Correction,
    EvaluationItem,
    OwnCorrection,
    Pair,
    ParsedCorrection,
    Problem,
    Record,
    Rejection,
    Solution,
    Thought,
    Verdict,
    VerdictStatus,
    make_id,
)
from supercorrect.run_folder import RunFolder
from supercorrect.store import write_json_atomic, write_records, write_text_atomic

RECIPE = Path(__file__).parent.parent / "recipes" / "sandbox.yaml"
TOPICS = (
    "Algebra",
    "Counting & Probability",
    "Geometry",
    "Intermediate Algebra",
    "Number Theory",
    "Prealgebra",
    "Precalculus",
)
SKILL = {"base": 0.35, "sft": 0.4, "hsft": 0.5, "hsft_continued": 0.52, "cross_dpo": 0.62}
SAMPLES_PER_PROBLEM = 10


def make_big_run(folder: Path, solutions: int = 100_000, corrections: int = 20_000, seed: int = 0) -> Recipe:
    """Fill a folder as a finished run would, and return its recipe; the report is not written.

    Args:
        solutions: Of the errors split, ten a problem; about two in five are wrong. The other splits keep to them.
        corrections: Of the first wrong ones.
    """
    recipe = load_recipe(RECIPE, (f"output_dir={folder}", "name=big-run", "solutions.samples_per_problem=10"))
    making = Making(RunFolder(folder), random.Random(seed), corrections)
    sizes = {"hsft": solutions // 20, "errors": solutions // SAMPLES_PER_PROBLEM, "held_out": solutions // 200}
    making.make_problems(sizes)
    making.make_thoughts()
    making.make_solutions("errors", SAMPLES_PER_PROBLEM)
    making.make_solutions("held_out", 1)
    for arm in arm_names(recipe):
        making.make_evaluation(arm, corrects_itself(recipe, arm))
        if arm != "base":
            making.make_training(arm)
    making.make_manifest(recipe)
    return recipe


@dataclass
class Making:
    """A run in the making; `counts` are the lines of each file."""

    folder: RunFolder
    rng: random.Random
    corrections: int
    problems: dict[str, list[Problem]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def make_problems(self, sizes: dict[str, int]) -> None:
        for split, count in sizes.items():
            self.problems[split] = [self.make_problem(split, number) for number in range(count)]
            self._write(f"problems/{split}", iter(self.problems[split]))

    def make_thoughts(self) -> None:
        problems = self.problems["hsft"]
        self._write("thoughts/hsft", (self._thought(p) for p in problems))
        self._write("attempts/thoughts", (self._attempt(p.problem_id, "thoughts") for p in problems))

    def make_solutions(self, name: str, samples: int) -> None:
        """Solutions of a split with all that is made of them."""
        written, graded, corrected = [], [], []
        for problem in self.problems[name]:
            for index in range(samples):
                solution, verdict, correction = self.solve(problem, index)
                written.append(solution)
                graded.append(verdict)
                if correction and len(corrected) < self.corrections:
                    corrected.append(correction)
        self._write(f"solutions/{name}", iter(written))
        self._write(f"verdicts/{name}", iter(graded))
        self._write(f"corrections/{name}", iter(corrected))
        stage = "corrections" if name == "errors" else "held_out_corrections"
        self._write(f"attempts/{stage}", (self._attempt(c.solution_id, stage) for c in corrected))
        if name == "errors":
            self._write("own_corrections/errors", (self._own(c) for c in corrected))
            self._write("pairs/train", (self._pair(c) for c in corrected))
            refused = [Rejection(stage="pairs", item_id=c.correction_id, reason="student_was_right") for c in corrected]
            write_records(self.folder.rejects("pairs"), refused[: len(refused) // 7])

    def make_evaluation(self, arm: str, reviews: bool) -> None:
        self._write(f"evaluation/{arm}", (self._item(arm, p, reviews) for p in self.problems["held_out"]))

    def make_training(self, arm: str) -> None:
        log = []
        for step in range(1, 2001):
            log.append({"step": step, "loss": 2.5 * step**-0.25 + self.rng.gauss(0, 0.03), "learning_rate": 1e-6})
            if arm == "cross_dpo":
                chosen, rejected = -40 + step / 200 + self.rng.gauss(0, 1), -12 - step / 50 + self.rng.gauss(0, 1)
                log[-1] |= {"chosen_logps": chosen, "rejected_logps": rejected, "margins": step / 400}
        path = self.folder.model(arm).parent / "training.json"
        write_json_atomic(path, {"steps": len(log), "log": log})

    def make_manifest(self, recipe: Recipe) -> None:
        entries = {
            "problems": self._entry(*(f"problems/{split}" for split in self.problems)),
            "thoughts": self._entry("thoughts/hsft", usd=13.2),
            "solutions": self._entry("solutions/errors"),
            "verdicts": self._entry("verdicts/errors"),
            "corrections": self._entry("corrections/errors", usd=61.7, rejected={"no_error_found": 412}),
            "pairs": self._entry("pairs/train", rejected={"student_was_right": self.counts["pairs/train"] // 7}),
            "cross_dpo": self._entry("pairs/train"),
            **{f"evaluation_{arm}": self._entry(f"evaluation/{arm}") for arm in arm_names(recipe)},
        }
        manifest = Manifest(recipe_name=recipe.name, versions={"supercorrect": "made"}, stages=entries)
        self.folder.write_manifest(manifest)
        text = yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False)
        write_text_atomic(self.folder.root / "recipe.yaml", text)

    def _write(self, name: str, records: Iterator[Record]) -> None:
        def counted() -> Iterator[Record]:
            for number, record in enumerate(records, 1):
                self.counts[name] = number
                yield record

        write_records(self.folder.data(name), counted())

    def _entry(self, *names: str, usd: float = 0.0, rejected: dict[str, int] | None = None) -> StageEntry:
        kept = sum(self.counts[name] for name in names)
        inputs = kept + sum((rejected or {}).values())
        tokens = {"input_tokens": 900 * kept, "output_tokens": 400 * kept} if usd else {}
        numbers = {"in": inputs, "seconds": kept / 50, "rejected": rejected or {}, "usd": usd, **tokens}
        return StageEntry(fingerprint="made", kept=kept, outputs={}, **numbers)

    def make_problem(self, split: str, number: int) -> Problem:
        a, b = self.rng.randint(2, 99), self.rng.randint(2, 99)
        return Problem(
            problem_id=make_id("problem", split, number),
            problem=f"Let $f(x) = \\frac{{x^2 - {a}x}}{{\\sqrt{{{b}}}}}$ for real $x$. How many integers $n$ with "
            f"$1 \\le n \\le {a * b}$ satisfy $f(n) \\equiv 0 \\pmod{{{a}}}$? (number {number})",
            reference_solution=f"We need ${a} \\mid n(n - {a})$. " * 4 + f"The answer is $\\boxed{{{b}}}$.",
            reference_answer=str(b),
            split=split,
            source="made",
            topic=self.rng.choice(TOPICS),
            level=f"Level {self.rng.randint(1, 5)}",
        )

    def _steps(self, problem: Problem) -> list[str]:
        texts = ("Write the condition as $n(n-a) = ka$", "so <Key> $a$ divides $n^2$ </Key>", "count the multiples")
        return [f"{self.rng.choice(texts)} in case {k}: ${k} + {k} = {2 * k}$" for k in range(self.rng.randint(3, 8))]

    def _thought(self, problem: Problem) -> Thought:
        text = render_steps(self._steps(problem)) + f"\n<Answer> {problem.reference_answer} </Answer>"
        steps = {"steps": [{"text": "a step"}] * 4, "answer": problem.reference_answer}
        named = {"thought_id": make_id("thought", problem.problem_id), "problem_id": problem.problem_id}
        return Thought(**named, teacher="oracle", request_key="made", completion=text, thought=steps)

    def solve(self, problem: Problem, index: int) -> tuple[Solution, Verdict, Correction | None]:
        status: VerdictStatus = self.rng.choices(("correct", "incorrect", "ungradable"), (58, 40, 2))[0]
        steps, solution_id = self._steps(problem), make_id("solution", problem.problem_id, index)
        answer = problem.reference_answer if status == "correct" else "0"
        ids = {"solution_id": solution_id, "problem_id": problem.problem_id}
        solution = Solution(
            **ids,
            student="hsft",
            sample_index=index,
            completion=render_steps(steps) + f"\n<Answer> {answer} </Answer>",
            completion_token_ids=tuple(self.rng.choices(range(32_000), k=40 * len(steps))),
            finish_reason="stop",
        )
        reason = "no_answer" if status == "ungradable" else None
        verdict_id = make_id("verdict", solution_id)
        verdict = Verdict(verdict_id=verdict_id, **ids, status=status, extracted=answer, reason=reason)
        return solution, verdict, self._correct(solution, steps, problem) if status == "incorrect" else None

    def _correct(self, solution: Solution, steps: list[str], problem: Problem) -> Correction:
        first = self.rng.randint(1, len(steps))
        cause, mended = (
            "The cases overlap, so multiples are counted twice.",
            "Count each $n$ once: $\\lfloor b \\rfloor$",
        )
        read = [
            CorrectedStep(text=text, cause=cause if k == first else None, correction=mended if k == first else None)
            for k, text in enumerate(steps, 1)
        ]
        return Correction(
            correction_id=make_id("correction", solution.solution_id),
            solution_id=solution.solution_id,
            problem_id=solution.problem_id,
            teacher="oracle",
            request_key="made",
            completion=render_correction(ParsedCorrection(steps=tuple(read), answer=problem.reference_answer)),
            first_error_step=first,
            cause=cause,
            correction=mended,
            corrected_answer=problem.reference_answer,
        )

    def _attempt(self, item_id: str, stage: str) -> Attempt:
        numbers = {"round": 1, "output_tokens": self.rng.randint(150, 700), "usd": 0.003}
        unasked = {"inspector_request_key": None, "reason": None, "remark": None}
        return Attempt(item_id=item_id, stage=stage, teacher="oracle", request_key="made", **numbers, **unasked)

    def _own(self, correction: Correction) -> OwnCorrection:
        return OwnCorrection(
            own_correction_id=make_id("own", correction.correction_id),
            correction_id=correction.correction_id,
            solution_id=correction.solution_id,
            problem_id=correction.problem_id,
            step=correction.first_error_step,
            completion=f" </Step{correction.first_error_step}>",
            completion_token_ids=(1, 2, 3),
            cause=None,
            correction=None,
        )

    def _pair(self, correction: Correction) -> Pair:
        ids = {"problem_id": correction.problem_id, "solution_id": correction.solution_id}
        step = {"first_error_step": correction.first_error_step, "step": correction.first_error_step}
        tokens = {"prompt_ids": range(150), "chosen_ids": range(40), "rejected_ids": range(30)}
        return Pair(
            pair_id=make_id("pair", correction.correction_id),
            **ids,
            correction_id=correction.correction_id,
            own_correction_id=None,
            layout="continuation",
            **step,
            prompt="Solve the problem step by step.\n" * 10,
            chosen=correction.correction,
            rejected="$2 + 2 = 5$",
            **{name: tuple(places) for name, places in tokens.items()},
        )

    def _item(self, arm: str, problem: Problem, reviews: bool) -> EvaluationItem:
        statuses: list[VerdictStatus] = [
            "correct" if self.rng.random() < SKILL[arm] else "incorrect" for _ in ("greedy", "sampled", "corrected")
        ]
        text = render_steps(self._steps(problem)) + f"\n<Answer> {problem.reference_answer} </Answer>"
        return EvaluationItem(
            arm=arm,
            problem_id=problem.problem_id,
            greedy=statuses[0],
            greedy_completion=text,
            sampled=statuses[1],
            sampled_completion=text,
            corrected=statuses[2] if reviews else None,
            corrected_completion=text if reviews else None,
            reviewed_solution_id=make_id("solution", problem.problem_id, 0) if reviews else None,
            located_step=self.rng.choice((None, 1, 2, 3)) if reviews else None,
            located_correction="$2 + 2 = 4$" if reviews else None,
        )


def measure_report(folder: Path) -> dict[str, float]:
    """Write the report of a made run in a process of its own, so that its memory is measured alone."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as process:
        return process.submit(_write_report, folder).result()


def _write_report(root: Path) -> dict[str, float]:
    from supercorrect.report.writing import write_report

    folder = RunFolder(root)
    recipe = load_recipe(root / "recipe.yaml", ())
    begun, cpu_begun = time.perf_counter(), time.process_time()
    write_report(recipe, folder, folder.read_manifest())
    return {
        "seconds": round(time.perf_counter() - begun, 2),
        "cpu_seconds": round(time.process_time() - cpu_begun, 2),
        "report_megabytes": round((root / "report.html").stat().st_size / 1e6, 2),
        "peak_memory_megabytes": peak_memory_megabytes(),
    }


def peak_memory_megabytes() -> int:
    """Of this process since it began; `getrusage` would count what its parent held."""
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))


def main() -> None:
    """Make a run, write its report, and print time, memory and size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--solutions", type=int, default=100_000)
    parser.add_argument("--corrections", type=int, default=20_000)
    parser.add_argument("--keep", type=Path, help="make the run there and stop")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.keep:
        make_big_run(options.keep.resolve(), options.solutions, options.corrections)
        return
    with tempfile.TemporaryDirectory() as name:
        make_big_run(Path(name), options.solutions, options.corrections)
        sizes = {"solutions": options.solutions, "corrections": options.corrections}
        figures = sizes | measure_report(Path(name))
    print(json.dumps(figures, indent=2), file=sys.stderr if options.json else sys.stdout)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
