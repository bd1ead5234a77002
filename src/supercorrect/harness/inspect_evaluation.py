"""An inspect_ai task: `inspect eval supercorrect/problems --model hf/… -T problems=held_out.jsonl`."""

from __future__ import annotations

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig
from inspect_ai.scorer import (
    CORRECT,
    INCORRECT,
    NOANSWER,
    Metric,
    SampleScore,
    Score,
    Scorer,
    Target,
    accuracy,
    metric,
    scorer,
    stderr,
)
from inspect_ai.solver import TaskState, generate

from supercorrect.grading import Grader
from supercorrect.harness.prompted import load_prompted

VALUES = {"correct": CORRECT, "incorrect": INCORRECT, "ungradable": NOANSWER}
"""Our verdicts in inspect's words. An ungradable answer is no success, as in our own accuracy."""


@task
def problems(problems: str | None = None, prompt: str = "hierarchical", max_new_tokens: int = 1024) -> Task:
    """Problems under one of our prompts, greedy, graded by our grader.

    Args:
        problems: The file of problems.
        prompt: A shipped prompt's name, or a template of the user's own.
        max_new_tokens: Longest completion.
    """
    rows = load_prompted(problems, prompt)
    samples = [Sample(id=row.problem_id, input=row.prompt, target=row.reference_answer) for row in rows]
    return Task(
        dataset=MemoryDataset(samples, name=problems),
        solver=generate(),
        scorer=verdict(),
        config=GenerateConfig(temperature=0.0, max_tokens=max_new_tokens),
    )


@metric
def ungradable() -> Metric:
    """The share that nobody could grade."""

    def compute(scores: list[SampleScore]) -> float:
        return sum(score.score.value == NOANSWER for score in scores) / max(1, len(scores))

    return compute


@scorer(metrics=[accuracy(), stderr(), ungradable()])
def verdict() -> Scorer:
    """Our verdict on the completion; why it is ungradable stands in the explanation."""
    grader = Grader()

    async def score(state: TaskState, target: Target) -> Score:
        grade = await grader.grade_async(state.output.completion, target.text)
        return Score(value=VALUES[grade.status], answer=grade.extracted, explanation=grade.reason)

    return score
