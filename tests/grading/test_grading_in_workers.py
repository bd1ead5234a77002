"""Grading inside the worker processes of others: Ray's, and torch's data loaders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

ROWS = [("so \\boxed{(x+1)^2}", "x^2+2x+1"), ("so \\boxed{\\sin^2 x + \\cos^2 x}", "1"), ("\\boxed{7}", "8")]
STATUSES = ["correct", "correct", "incorrect"]


def grade_rows(rows: list[tuple[str, str]]) -> list[Any]:
    """The verdicts, and whether computer algebra in a worker of ours gave some of them."""
    from supercorrect.grading import Grader

    with Grader() as grader:
        statuses: list[str] = [grade.status for grade in grader.grade_many(rows)]
        return [statuses, grader.check("x^2+2x+1", "(x+1)^2") is not None and grader.workers_running > 0]


@pytest.mark.slow
def test_ray_tasks_grade() -> None:
    ray = pytest.importorskip("ray")
    tests = {"env_vars": {"PYTHONPATH": str(Path(__file__).parent)}}
    ray.init(num_cpus=2, runtime_env=tests, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    try:
        remote = ray.remote(num_cpus=1)(grade_rows)
        outcomes = ray.get([remote.remote(ROWS) for _ in range(4)], timeout=300)
    finally:
        ray.shutdown()
    assert outcomes == [[STATUSES, True]] * 4


def test_torch_data_workers_grade() -> None:
    data = pytest.importorskip("torch.utils.data")

    class Rows(data.Dataset):  # type: ignore[misc, name-defined]
        def __len__(self) -> int:
            return len(ROWS)

        def __getitem__(self, index: int) -> Any:
            return grade_rows([ROWS[index]])

    loader = data.DataLoader(Rows(), batch_size=None, num_workers=2)
    assert list(loader) == [[[status], True] for status in STATUSES]
