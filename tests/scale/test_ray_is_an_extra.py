"""Nothing needs Ray but `--ray`, which says what to install."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from small_runs import SANDBOX
from supercorrect.cli.application import app
from supercorrect.errors import ConfigError


def test_a_run_without_a_cluster_never_imports_ray() -> None:
    code = "import sys, supercorrect.cli, supercorrect.pipeline; sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_missing_ray_is_said_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr("supercorrect.cli.runs.find_spec", lambda name: None if name == "ray" else found(name))
    done = CliRunner().invoke(app, ["run", str(SANDBOX), "--output-dir", str(tmp_path / "run"), "--ray", "local"])
    assert isinstance(done.exception, ConfigError)
    assert 'pip install "supercorrect[ray]"' in str(done.exception)
