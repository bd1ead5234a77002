"""Does the work around the models stay as cheap for each record when there are a million of them?

    python benchmarks/scale.py --json figures.json                # 1 k, 10 k, 100 k and 1 M solutions
    python benchmarks/scale.py --sizes 1000 10000

Each step runs the code that a run goes through, in a process of its own, whose time and peak memory are read. No model
and no teacher is asked: solutions and corrections are made up, of the sizes that MATH's have (`big_run.py`); two
solutions in five are wrong, and every second one of these has a correction, and so a pair. What a process takes before
its first record (Python, torch) is in its peak memory, but not in the cost of one more record.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from big_run import SAMPLES_PER_PROBLEM, Making, peak_memory_megabytes
from supercorrect.arms import round_arms
from supercorrect.config import Recipe, load_recipe
from supercorrect.context import StageContext
from supercorrect.export import export_run
from supercorrect.manifest import Manifest, StageEntry
from supercorrect.progress import Reporter
from supercorrect.records import Correction, Demonstration, Message, Problem, Solution
from supercorrect.run_folder import RunFolder
from supercorrect.stages import pairs, verdicts
from supercorrect.store import RequestStore, StoredResponse, write_json_atomic

SIZES = (1_000, 10_000, 100_000, 1_000_000)
RECIPE = Path(__file__).parent.parent / "recipes" / "sandbox.yaml"
TOKENIZER_TEXTS = 300
TOGETHER = 500
"""Solutions that are tokenised, and kept, at once."""
Figures = dict[str, float]


def open_recipe(root: Path) -> Recipe:
    """The recipe of a made run; one layout, so that each correction makes one pair."""
    return load_recipe(RECIPE, (f"output_dir={root}", f"student.model={root / 'base'}", "pairs.layouts=[continuation]"))


def make_run(root: Path, size: int) -> None:
    """What the steps begin with, none of it measured: records of every kind, and a student's tokenizer."""
    from tiny_models import make_tiny_model

    folder, making = RunFolder(root), Making(RunFolder(root), random.Random(0), 0)
    counts = {"hsft": 1, "errors": -(-size // SAMPLES_PER_PROBLEM), "held_out": 1}
    for split, count in counts.items():
        folder.write(f"problems/{split}", (making.make_problem(split, i) for i in range(count)))
    folder.write("hsft/train", map(_demonstrate, folder.iterate("problems/errors", Problem)))
    for empty in ("own_corrections/errors", "thoughts/hsft", "attempts/thoughts", "attempts/corrections"):
        folder.write(empty, ())
    entry = StageEntry(fingerprint="made", seconds=0, kept=0, rejected={}, outputs={}, **{"in": 0})
    folder.write_manifest(
        Manifest(recipe_name="made", stages=dict.fromkeys(("problems", "thoughts", "corrections"), entry))
    )
    sample = itertools.islice(folder.iterate("problems/errors", Problem), TOKENIZER_TEXTS)
    make_tiny_model(folder.model("hsft"), "qwen2", [making.solve(problem, 0)[0].completion for problem in sample])
    folder.write("solutions/errors", _tokenise(folder, (solution for solution, _ in _solve(folder))))
    corrected = (correction for _, correction in _solve(folder) if correction)
    folder.write("corrections/errors", itertools.islice(corrected, 0, None, 2))


def _demonstrate(problem: Problem) -> Demonstration:
    turns = (("user", problem.problem), ("assistant", problem.reference_solution))
    messages = tuple(Message(role=role, content=content) for role, content in turns)  # type: ignore[arg-type]
    return Demonstration(problem_id=problem.problem_id, thought_id=None, messages=messages)


def _solve(folder: RunFolder) -> Iterator[tuple[Solution, Correction | None]]:
    """The same solutions at each call."""
    making = Making(folder, random.Random(1), 0)
    for problem in folder.iterate("problems/errors", Problem):
        for index in range(SAMPLES_PER_PROBLEM):
            solution, _, correction = making.solve(problem, index)
            yield solution, correction


def _tokenise(folder: RunFolder, solutions: Iterator[Solution]) -> Iterator[Solution]:
    """Solutions with the ids that the student's tokenizer gives their texts."""
    from supercorrect.models.weights import load_tokenizer

    tokenizer = load_tokenizer(str(folder.model("hsft")))
    while some := list(itertools.islice(solutions, TOGETHER)):
        encoded = tokenizer([solution.completion for solution in some])["input_ids"]
        for solution, ids in zip(some, encoded, strict=True):
            yield solution.model_copy(update={"completion_token_ids": (*ids, tokenizer.eos_token_id)})


def copy_records(root: Path) -> int:
    """Read every solution, write it, and read it back."""
    folder = RunFolder(root)
    folder.write("solutions/copied", folder.iterate("solutions/errors", Solution))
    count = sum(1 for _ in folder.iterate("solutions/copied", Solution))
    folder.data("solutions/copied").unlink()
    return count


def fill_store(root: Path) -> int:
    """Keep every solution as a response, in the batches of a student, and read all of them back."""
    folder, read = RunFolder(root), 0
    with RequestStore(root / "store.sqlite") as store:
        rows = folder.iterate("solutions/errors", Solution)
        while some := list(itertools.islice(rows, TOGETHER)):
            store.put_many([_to_response(solution) for solution in some])
    with RequestStore(root / "store.sqlite") as store:
        keys = (solution.solution_id for solution in folder.iterate("solutions/errors", Solution))
        while asked := list(itertools.islice(keys, TOGETHER)):
            read += len(store.get_many(asked))
    return read


def _to_response(solution: Solution) -> StoredResponse:
    return StoredResponse(
        key=solution.solution_id,
        role="student",
        model="made",
        status="ok",
        text=solution.completion,
        token_ids=solution.completion_token_ids,
    )


def grade(root: Path) -> int:
    """The stage `verdicts`."""
    with open_context(root, "verdicts") as context:
        return verdicts.run(context, round_arms(context.recipe)[0].errors)[0].inputs


def build_pairs(root: Path) -> int:
    """The stage `pairs`."""
    with open_context(root, "pairs") as context:
        counts, _ = pairs.run(context, round_arms(context.recipe)[0], {})
    if set(counts.rejected) - {"duplicate"}:
        raise RuntimeError(f"expected a pair of each correction, but for equal ones, got {counts.rejected}")
    return counts.inputs


def export(root: Path) -> int:
    """`supercorrect export`: parquet of demonstrations and pairs, and the card."""
    return sum(export_run(open_recipe(root), RunFolder(root), root / "export").values())


@contextmanager
def open_context(root: Path, stage: str) -> Iterator[StageContext]:
    """What a stage is handed; its store is one of its own, since none of these stages asks a model."""
    with RequestStore(root / "unasked.sqlite") as store:
        yield StageContext(open_recipe(root), RunFolder(root), store, Reporter(quiet=True), stage, "made")


STEPS: dict[str, Callable[[Path], int]] = {
    "records": copy_records,
    "store": fill_store,
    "grading": grade,
    "pairs": build_pairs,
    "export": export,
}


def measure(step: str, root: Path) -> Figures:
    """One step in this process: its records, CPU time and peak memory."""
    begun = time.process_time()
    records = STEPS[step](root)
    seconds = time.process_time() - begun
    return {"records": records, "cpu_seconds": round(seconds, 2), "peak_megabytes": peak_memory_megabytes()}


def measure_size(size: int, within: Path | None) -> dict[str, Figures]:
    """All steps of one size, each in a process of its own."""
    figures: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory(dir=within) as name:
        _alone(make_run, Path(name), size)
        for step in STEPS:
            figures[step] = _alone(measure, step, Path(name))
            print(f"{size:>9,} {step:<8} {figures[step]}", file=sys.stderr, flush=True)
    return figures


def _alone(function: Callable[..., Any], *arguments: Any) -> Any:
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as process:
        return process.submit(function, *arguments).result()


def summarise(by_size: dict[int, dict[str, Figures]]) -> dict[str, Any]:
    """What one more record costs between each two sizes, so that what a process takes to begin with is not in it."""
    sizes = sorted(by_size)
    steps = {
        step: [
            _marginal(by_size[few][step], by_size[many][step]) | {"from": few, "to": many}
            for few, many in pairwise(sizes)
        ]
        for step in STEPS
    }
    peak = max(figures["peak_megabytes"] for figures in by_size[sizes[-1]].values())
    return {"largest": sizes[-1], "peak_megabytes": peak, "one_more_record": steps, "sizes": by_size}


def _marginal(few: Figures, many: Figures) -> Figures:
    more = many["records"] - few["records"]
    return {
        "cpu_microseconds": round(1e6 * (many["cpu_seconds"] - few["cpu_seconds"]) / more, 1),
        "bytes": round(1e6 * (many["peak_megabytes"] - few["peak_megabytes"]) / more),
    }


def main() -> None:
    """Measure every size, and print or write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="solutions; at least two sizes")
    parser.add_argument("--within", type=Path, help="where the made runs stand meanwhile (about 6 GB for a million)")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if len(options.sizes) < 2:
        parser.error("--sizes: expected at least two, got one")
    figures = summarise({size: measure_size(size, options.within) for size in sorted(options.sizes)})
    print(json.dumps({"figures": figures}, indent=2))
    if options.json:
        write_json_atomic(options.json, {"figures": figures})


if __name__ == "__main__":
    main()
