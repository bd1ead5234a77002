"""Training curves from a training's log."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from supercorrect.report.curves import MOST_POINTS, TABLE_ROWS, read_curves, thin
from supercorrect.run_folder import RunFolder


def write_log(folder: RunFolder, arm: str, log: list[dict[str, float]]) -> None:
    path = folder.model(arm).parent / "training.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"steps": len(log), "log": log}))


def test_each_arm_has_the_measures_that_it_logged(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    write_log(folder, "hsft", [{"step": 1, "loss": 2.0}, {"step": 2, "loss": math.nan}, {"step": 3, "loss": 1.0}])
    write_log(
        folder, "cross_dpo", [{"step": 1, "loss": 1.0, "margins": 0.5, "chosen_logps": -3.0, "rejected_logps": -2.0}]
    )
    curves = read_curves(folder, ["base", "hsft", "cross_dpo"])
    assert [curve.measure for curve in curves["cross_dpo"]] == ["Loss", "Reward margin", "Log-probabilities"]
    (loss,) = curves["hsft"]
    assert loss.lines == {"loss": [(1, 2.0), (3, 1.0)]}
    assert loss.table == [(1, [2.0]), (3, [1.0])]
    assert "base" not in curves


def test_a_long_training_is_drawn_as_means(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    write_log(folder, "hsft", [{"step": n, "loss": float(n)} for n in range(1, 1001)])
    (loss,) = read_curves(folder, ["hsft"])["hsft"]
    assert len(loss.lines["loss"]) <= MOST_POINTS
    assert loss.lines["loss"][0] == (7, pytest.approx(4.0))
    assert len(loss.table) <= TABLE_ROWS
    assert loss.table[-1][0] == 1000


def test_thinning_keeps_a_short_line() -> None:
    points = [(float(n), 1.0) for n in range(MOST_POINTS)]
    assert thin(points) == points
