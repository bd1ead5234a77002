"""Run folders made by hand, with whatever texts a test wants, and no stage run."""

from __future__ import annotations

from pathlib import Path

import yaml

from small_runs import small_recipe
from supercorrect.manifest import Manifest, StageEntry
from supercorrect.records import (
    Attempt,
    Correction,
    EvaluationItem,
    OwnCorrection,
    Pair,
    ParsedThought,
    Problem,
    Rejection,
    Solution,
    Thought,
    ThoughtStep,
    Verdict,
    VerdictStatus,
)
from supercorrect.run_folder import RunFolder

WRONG = "<Step1> 2 + 2 = 4 </Step1>\n<Step2> 4 + 1 = 6 </Step2>\n<Answer> 6 </Answer>"
TRACE = (
    "<Step1> 2 + 2 = 4 </Step1>\n<Step2> 4 + 1 = 6 <Cause> miscounted </Cause> "
    "<Correction> 4 + 1 = 5 </Correction> </Step2>\n<Answer> 5 </Answer>"
)


def make_run(root: Path, text: str = "What is 2 + 2 + 1?", problems: int = 3) -> RunFolder:
    """A run whose errors split has `problems` problems, each solved wrongly at step 2 and corrected; one is held out.

    Args:
        text: Stands in every text field: problem, reference, topic, solution, cause, correction, reason, arm's answer.
    """
    folder = RunFolder(root)
    numbers = range(problems)
    asked = [make_problem(f"problem-{i:016x}", "errors", text) for i in numbers]
    folder.write("problems/errors", asked)
    folder.write("problems/held_out", [make_problem("problem-held", "held_out", text)])
    folder.write("solutions/errors", [make_solution(i, text) for i in numbers])
    folder.write("verdicts/errors", [make_verdict(i, text) for i in numbers])
    folder.write("corrections/errors", [make_correction(i, text) for i in numbers])
    folder.write("own_corrections/errors", [make_own(i, text) for i in numbers])
    folder.write("pairs/train", [make_pair(i, text) for i in numbers])
    folder.write("attempts/corrections", [make_attempt(i, n, text) for i in numbers for n in range(1, i + 2)])
    for arm, status in (("hsft", "incorrect"), ("cross_dpo", "correct")):
        folder.write(f"evaluation/{arm}", [make_evaluation(arm, status, text)])
    folder.write_rejects("pairs", [Rejection(stage="pairs", item_id=correction_id(0), reason="too_long", detail=text)])
    entry = StageEntry(fingerprint="f", seconds=1.0, **{"in": 1}, kept=0, rejected={text: 1}, outputs={})
    folder.write_manifest(Manifest(recipe_name=text, stages={"pairs": entry}))
    recipe = small_recipe(root).model_dump(mode="json")
    (root / "recipe.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    folder.log_event("stage_stopped", stage=text, error=text)
    return folder


def correction_id(i: int) -> str:
    return f"correction-{i:016x}"


def ids(i: int) -> dict[str, str]:
    return {"problem_id": f"problem-{i:016x}", "solution_id": f"solution-{i:016x}"}


def make_problem(name: str, split: str, text: str) -> Problem:
    answers = {"reference_solution": f"It is five. {text}", "reference_answer": "5"}
    return Problem(problem_id=name, problem=text, **answers, split=split, source="made", topic=text, level="Level 1")


def make_thought(problem_id: str, teacher: str) -> Thought:
    parsed = ParsedThought(steps=(ThoughtStep(text="2 + 2 = 4"), ThoughtStep(text="4 + 1 = 5")), answer="5")
    asked = {"teacher": teacher, "request_key": "k", "completion": "<Step1> 2 + 2 = 4 </Step1>"}
    return Thought(thought_id=f"thought-{teacher}", problem_id=problem_id, thought=parsed, **asked)


def make_solution(i: int, text: str) -> Solution:
    sampled = {"completion_token_ids": (1, 2), "finish_reason": "stop"}
    return Solution(**ids(i), student="hsft", sample_index=0, completion=f"{WRONG}\n{text}", **sampled)


def make_verdict(i: int, text: str) -> Verdict:
    return Verdict(verdict_id=f"verdict-{i}", **ids(i), status="incorrect", extracted=text)


def make_correction(i: int, text: str) -> Correction:
    said = {"cause": f"miscounted {text}", "correction": "4 + 1 = 5", "corrected_answer": "5"}
    asked = {"teacher": "oracle", "request_key": "k", "completion": TRACE}
    return Correction(correction_id=correction_id(i), **ids(i), **asked, first_error_step=2, **said)


def make_own(i: int, text: str) -> OwnCorrection:
    wrote = {"completion": text, "completion_token_ids": (1,), "cause": text, "correction": text}
    return OwnCorrection(own_correction_id=f"own-{i}", correction_id=correction_id(i), **ids(i), step=2, **wrote)


def make_pair(i: int, text: str) -> Pair:
    sides = {"prompt": text, "chosen": f"4 + 1 = 5 {text}", "rejected": f"4 + 1 = 6 {text}"}
    tokens = {"prompt_ids": (1,), "chosen_ids": (2,), "rejected_ids": (3,)}
    names = {"pair_id": f"pair-{i}", "correction_id": correction_id(i), "own_correction_id": None}
    return Pair(**names, **ids(i), layout="continuation", first_error_step=2, step=2, **sides, **tokens)


def make_attempt(i: int, number: int, text: str) -> Attempt:
    reason = "answer_incorrect" if number <= i else None
    asked = {"request_key": f"k{i}{number}", "inspector_request_key": None, "output_tokens": 9, "usd": 0.0}
    remark = text if reason else None
    return Attempt(
        item_id=ids(i)["solution_id"],
        stage="corrections",
        teacher="oracle",
        round=number,
        reason=reason,
        remark=remark,
        **asked,
    )


def make_evaluation(arm: str, status: VerdictStatus, text: str) -> EvaluationItem:
    answers = {"greedy": status, "greedy_completion": text, "sampled": status, "sampled_completion": text}
    return EvaluationItem(arm=arm, problem_id="problem-held", **answers)
