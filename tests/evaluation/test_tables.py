"""What is printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from supercorrect.config import GradingConfig
from supercorrect.evaluation.stored import evaluate_stored
from supercorrect.evaluation.tables import print_evaluation, short_labels, show_share
from supercorrect.progress import Reporter


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["runs/my/checkpoints/hsft/model", "runs/my/checkpoints/cross_dpo/model"], ["hsft", "cross_dpo"]),
        (["runs/my/checkpoints/hsft/model"], ["hsft/model"]),
        (["gpt@https://host/v1", "org/model"], ["gpt", "org/model"]),
        (["m@https://one/v1", "m@https://two/v1"], ["m@https://one/v1", "m@https://two/v1"]),
        (["a/b", "a"], ["a/b", "a"]),
    ],
)
def test_models_are_told_apart_in_few_words(names: list[str], labels: list[str]) -> None:
    assert list(short_labels(names).values()) == labels


def test_a_share_has_its_interval_and_what_is_unknown_no_figure() -> None:
    assert show_share({"value": 0.5, "ci95": [0.25, 0.754], "n": 10}) == "50.0 [25.0, 75.4]"
    assert show_share(None) == "–"


HOSTILE = "[/x] \x1b[31mred \u202e evil"


def test_names_from_data_are_shown_and_never_obeyed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Markup, an escape and a change of direction in each name that comes from a file."""
    rows = [
        {"problem_id": HOSTILE, "problem": "1 + 1", "gt": "2", "topic": HOSTILE, "level": HOSTILE}
        | {"model": f"{HOSTILE} {name}", "completion": name, "is_correct": True}
        for name in ("2", "3")
    ]
    path = tmp_path / "[x] \u202e.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    print_evaluation(evaluate_stored(path, GradingConfig(), output=None, reporter=Reporter(quiet=True)))
    printed = capsys.readouterr().out
    assert "\x1b" not in printed and "\u202e" not in printed
    assert "[/x]" in printed and "\\x202e" in printed
    assert "our verdict is not the file's label in 1 samples: [/x]" in printed
