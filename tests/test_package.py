"""What an installed package brings along, and what it does not load before it has to."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from small_runs import REPOSITORY
from supercorrect.config import load_recipe
from supercorrect.config.loading import list_shipped_recipes
from supercorrect.errors import ConfigError

PACKAGE = REPOSITORY / "src" / "supercorrect"


def package_files() -> set[Path]:
    """Every file below the package that git knows, the recipes that its link leads to included."""
    listed = subprocess.run(["git", "ls-files", "src/supercorrect"], cwd=REPOSITORY, capture_output=True, text=True)
    paths = {REPOSITORY / line for line in listed.stdout.splitlines()}
    return {p for p in paths if p.is_file()} | set((PACKAGE / "recipes").rglob("*.yaml"))


def test_the_package_data_holds_every_file_that_is_no_module() -> None:
    pyproject = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = pyproject["tool"]["setuptools"]["package-data"]["supercorrect"]
    packed = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    packed |= set((PACKAGE / "recipes").rglob("*.yaml"))  # a link, which `**` does not follow here but setuptools does
    assert not [path for path in package_files() if path.suffix != ".py" and path not in packed]


def test_shipped_recipes_load_by_name_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_recipe("sandbox").name == "sandbox"
    assert load_recipe("paper/table6").tables == ("table6",)
    (tmp_path / "sandbox").write_text("name: my own\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^sandbox: name: "):
        load_recipe("sandbox")  # a file of that name comes first


def test_a_missing_recipe_is_told_what_there_is() -> None:
    with pytest.raises(ConfigError, match=r"a shipped recipe \(.*sandbox.*\), got nowhere.yaml"):
        load_recipe("nowhere.yaml")
    assert {"sandbox", "paper/table6", "qwen2.5-math-7b"} <= set(list_shipped_recipes())


@pytest.mark.parametrize("statement", ["import supercorrect", "import supercorrect.cli"])
def test_what_is_not_needed_is_not_loaded(statement: str) -> None:
    heavy = "{'torch', 'transformers', 'pydantic', 'openai', 'uvicorn'}"
    code = f"import sys; {statement}; print(sorted({heavy} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_a_core_install_is_told_what_is_missing(tmp_path: Path) -> None:
    code = "import sys; sys.modules['torch'] = None; from supercorrect.cli import main; main()"
    command = [sys.executable, "-c", code, "run", "sandbox", "--output-dir", str(tmp_path / "run")]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 2
    assert "torch is not installed" in ended.stderr
    assert "pip install 'supercorrect[train]'" in ended.stderr
