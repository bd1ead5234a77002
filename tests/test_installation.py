"""A run says which code made it, down to the commit."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from supercorrect import installation
from supercorrect.installation import git_revision, installed_versions


@pytest.fixture(autouse=True)
def ask_again() -> Iterator[None]:
    """The revision is looked up once a process."""
    git_revision.cache_clear()
    yield
    git_revision.cache_clear()


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    told = subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True, text=True)
    return told.stdout.strip()


def test_a_checkout_is_known_by_its_commit_and_by_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "src" / "supercorrect" / "installation.py"
    module.parent.mkdir(parents=True)
    module.write_text("before")
    git(tmp_path, "init")
    git(tmp_path, "add", "src")
    git(tmp_path, "commit", "-m", "first")
    monkeypatch.setattr(installation, "__file__", str(module))
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert installed_versions()["git"] == commit
    module.write_text("after")
    git_revision.cache_clear()
    assert git_revision() == f"{commit}+changes"


def test_what_comes_from_no_repository_has_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "__file__", str(tmp_path / "lib" / "supercorrect" / "installation.py"))
    assert "git" not in installed_versions()
