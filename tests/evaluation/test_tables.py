"""What is printed."""

from __future__ import annotations

import pytest

from supercorrect.evaluation.tables import short_labels, show_share


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
