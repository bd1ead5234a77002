"""Which code runs: versions of this package and of those that decide what a run gives, and the git revision."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from supercorrect import __version__

RECORDED_PACKAGES = ("torch", "transformers", "trl", "accelerate", "datasets", "openai", "math-verify")
_TIMEOUT_SECONDS = 5.0


def installed_versions() -> dict[str, str]:
    """Version by package; `git` is this package's revision, where it is known."""
    found = {"supercorrect": __version__, "git": git_revision() or "", "python": platform.python_version()}
    for package in RECORDED_PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return {package: number for package, number in found.items() if number}


@cache
def git_revision() -> str | None:
    """The commit that is installed, `+changes` behind it where the sources differ; None: not from a repository.

    A checkout is asked itself; what pip installed from a repository's URL is written down with the package.
    """
    root = Path(__file__).parents[2]
    if (root / ".git").exists() and shutil.which("git"):
        return _revision_of(root)
    try:
        recorded = json.loads(distribution("supercorrect").read_text("direct_url.json") or "{}")
    except PackageNotFoundError:  # run from sources that nobody installed
        return None
    commit: str | None = recorded.get("vcs_info", {}).get("commit_id")
    return commit


def _revision_of(root: Path) -> str | None:
    commit = _git(root, "rev-parse", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", "src")
    return f"{commit}+changes" if commit and changed else commit


def _git(root: Path, *words: str) -> str | None:
    try:
        told = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(root), *words],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):  # no commit yet, or a repository of somebody else
        return None
    return told.stdout.strip() or None
