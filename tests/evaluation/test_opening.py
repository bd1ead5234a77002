"""From what the user calls a model to what is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from supercorrect.budget import Budget
from supercorrect.config import ProblemSetConfig, StudentConfig
from supercorrect.errors import ConfigError
from supercorrect.evaluation import opening
from supercorrect.evaluation.opening import Access, open_solver, public_name
from supercorrect.evaluation.settings import EvaluationSettings
from supercorrect.evaluation.solvers import EndpointSolver, StudentSolver
from supercorrect.store import RequestStore

SETTINGS = EvaluationSettings(problems=ProblemSetConfig(path="x"), batch_size=3, dtype="bfloat16")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, StudentConfig]]:
    seen: list[tuple[str, StudentConfig]] = []
    monkeypatch.setattr(opening, "open_student", lambda name, config: seen.append((name, config)))
    return seen


def test_a_name_at_a_url_is_an_endpoint(tmp_path: Path) -> None:
    with RequestStore(tmp_path / "store.sqlite") as store:
        solver = open_solver("org/m@http://127.0.0.1:9/v1", SETTINGS, store, Budget(), Access())
    assert isinstance(solver, EndpointSolver)
    assert solver.describe()["fingerprint"] == "org/m"
    assert solver.batches(["x"] * 300) == [list(range(128)), list(range(128, 256)), list(range(256, 300))]


def test_a_password_in_a_url_is_in_no_name(tmp_path: Path) -> None:
    with RequestStore(tmp_path / "store.sqlite") as store:
        solver = open_solver("org/m@http://user:pw@127.0.0.1:9/v1?key=k", SETTINGS, store, Budget(), Access())
    assert solver.name == public_name("org/m@http://127.0.0.1:9/v1") == "org/m@http://127.0.0.1:9/v1"
    assert public_name("org/m@abc123") == "org/m@abc123"


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    with RequestStore(tmp_path / "store.sqlite") as store, pytest.raises(ConfigError, match="NO_SUCH_KEY"):
        open_solver("m@https://127.0.0.1:9/v1", SETTINGS, store, Budget(), Access(api_key_env="NO_SUCH_KEY"))


@pytest.mark.parametrize(
    ("model", "name", "revision"),
    [("org/m@abc123", "org/m", "abc123"), ("org/m", "org/m", None), ("package:folder", "package:folder", None)],
)
def test_a_hub_id_may_have_a_revision(
    tmp_path: Path, opened: list[Any], model: str, name: str, revision: str | None
) -> None:
    with RequestStore(tmp_path / "store.sqlite") as store:
        assert isinstance(open_solver(model, SETTINGS, store, Budget(), Access()), StudentSolver)
    [(asked, config)] = opened
    assert (asked, config.model, config.revision) == (name, name, revision)
    assert (config.batch_size, config.dtype) == (3, "bfloat16")


def test_a_folder_with_an_at_sign_in_it_is_a_folder(tmp_path: Path, opened: list[Any]) -> None:
    folder = tmp_path / "m@home"
    folder.mkdir()
    with RequestStore(tmp_path / "store.sqlite") as store:
        open_solver(str(folder), SETTINGS, store, Budget(), Access())
    assert opened[0][1].revision is None
