"""What `supercorrect.yaml` calls: problems and prompts for lm-evaluation-harness, and verdicts on what comes back."""

from __future__ import annotations

from typing import Any

from supercorrect.grading import grade
from supercorrect.harness.prompted import load_prompted


def load_docs(problems: str | None = None, prompt: str = "hierarchical", **others: Any) -> dict[str, Any]:
    """The documents of the task, as one split `test`.

    Args:
        problems: The file of problems, from `--metadata '{"problems": "held_out.jsonl"}'`.
        prompt: A shipped prompt's name, or a template of the user's own.
        others: What the harness passes of its own, such as the model's arguments.
    """
    import datasets

    rows = [
        row.model_dump(include={"problem_id", "prompt", "reference_answer"}) for row in load_prompted(problems, prompt)
    ]
    return {"test": datasets.Dataset.from_list(rows)}


def grade_results(doc: dict[str, Any], results: list[str]) -> dict[str, float]:
    """One completion's verdict. Ungradable is no success, as in our own accuracy, and counted apart."""
    status = grade(results[0], doc["reference_answer"]).status
    return {"accuracy": float(status == "correct"), "ungradable": float(status == "ungradable")}
