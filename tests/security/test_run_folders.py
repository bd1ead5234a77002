"""Somebody else's run folder: looking at it runs nothing that its recipe names, and reads nothing that never ends."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest
import yaml
from starlette.testclient import TestClient

from small_runs import small_recipe
from supercorrect.cli import app
from supercorrect.config import load_recipe
from supercorrect.errors import ConfigError, InputError, StorageError
from supercorrect.integrity.verify import verify_run
from supercorrect.manifest import Manifest, StageEntry
from supercorrect.models.weights import resolve_model_path
from supercorrect.package_files import package_folder
from supercorrect.pipeline import Pipeline
from supercorrect.progress import Reporter
from supercorrect.prompts import MAX_TEMPLATE_BYTES, read_template, render_prompt
from supercorrect.records import Demonstration, Message
from supercorrect.run_folder import RunFolder
from supercorrect.store import write_sealed_json
from supercorrect.viewer.app import create_app
from supercorrect.viewer.serving import open_runs, view


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that leaves a mark when it is imported, and a command that leaves one when it is started."""
    package = tmp_path / "packages" / "trapped"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text(f"import os\nos.mkdir({str(tmp_path / 'mark')!r})\ndef make(**_): return []\n")
    (package / "text.jinja").write_text("Solve: {{ problem }}")
    monkeypatch.syspath_prepend(tmp_path / "packages")
    return tmp_path / "mark"


@pytest.fixture
def folder(trap: Path, tmp_path: Path) -> Path:
    """A run folder whose recipe names the trap wherever a recipe can name code."""
    recipe = small_recipe(tmp_path / "run").model_dump(mode="json")
    command = [sys.executable, "-c", f"import os; os.mkdir({str(trap)!r})"]
    recipe["problems"] |= {split: {"make": "trapped:make", "count": 3} for split in ("hsft", "errors", "held_out")}
    recipe["teacher"]["serve"] = recipe["inspector"] = None
    recipe["teacher"] = recipe["teacher"] | {"serve": command}
    recipe["inspector"] = recipe["teacher"] | {"model": "inspector"}
    recipe["grading"]["task"] = "trapped:make"
    recipe["prompts"]["thought_extraction"] = "trapped:text.jinja"
    recipe["student"]["model"] = "trapped:inner"
    root = tmp_path / "run"
    root.mkdir()
    (root / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    return root


@pytest.mark.parametrize("command", ["status", "verify", "export"])
def test_looking_at_a_run_runs_nothing_of_its_recipe(command: str, folder: Path, trap: Path, tmp_path: Path) -> None:
    turns = (Message(role="user", content="1 + 1?"), Message(role="assistant", content="2"))
    RunFolder(folder).write("hsft/train", [Demonstration(problem_id="p", thought_id="t", messages=turns)])
    for split in ("hsft", "errors"):
        RunFolder(folder).write(f"problems/{split}", [])
    numbers = {"seconds": 1.0, "in": 0, "kept": 0, "rejected": {}, "outputs": {}}
    stages = {name: StageEntry(fingerprint="x", **numbers) for name in ("problems", "thoughts")}
    RunFolder(folder).write_manifest(Manifest(stages=stages))
    more = ["--output", str(tmp_path / "out")] if command == "export" else []
    with contextlib.suppress(SystemExit):  # of verify: there are no responses behind these rows
        app([command, str(folder), *more], standalone_mode=False)
    assert not trap.exists()
    assert "trapped" not in sys.modules


def test_viewing_a_run_runs_nothing_of_its_recipe(folder: Path, trap: Path) -> None:
    with TestClient(create_app(open_runs([folder]), None), base_url="http://127.0.0.1") as client:
        assert [client.get(path).status_code for path in ("/", "/runs/0", "/runs/0/status")] == [200, 200, 200]
    assert not trap.exists()
    assert "trapped" not in sys.modules


def test_a_package_is_found_without_being_imported(trap: Path) -> None:
    assert read_template("trapped:text.jinja") == "Solve: {{ problem }}"
    assert resolve_model_path("trapped:inner").endswith("trapped/inner")
    assert not trap.exists()
    assert package_folder("supercorrect.sandbox").name == "sandbox"


@pytest.mark.parametrize("name", ["", ".", "no_such_package", "sys", "os.path", "supercorrect.nothing", "__main__"])
def test_what_is_no_package_is_told(name: str) -> None:
    with pytest.raises(ModuleNotFoundError, match="is installed"):
        package_folder(name)


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/tty", "/", "x" * 300, "a\0b", "no_such_package:file", ":"])
def test_a_template_that_is_no_file_is_not_read(place: str) -> None:
    with pytest.raises(ConfigError, match="prompt template not found"):
        read_template(place)


def test_a_template_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "long.jinja").write_text(" " * (MAX_TEMPLATE_BYTES + 1))
    with pytest.raises(ConfigError, match="prompt template not found"):
        read_template(str(tmp_path / "long.jinja"))


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.mkdir('mark') }}",
        "{{ problem.__init__.__globals__ }}",
        "{{ range(1000000) | list }}",
        "{{ lipsum.__globals__ }}",
    ],
)
def test_a_hostile_template_of_a_prompt_stays_in_its_sandbox(template: str) -> None:
    with pytest.raises(ConfigError, match="cannot be filled"):
        render_prompt(template, problem="1 + 1?")


@pytest.mark.parametrize(
    "name", ["../evil", "/evil", "..", ".hidden", "a/b", "a\\b", "CON\0", "x" * 101, "", "a\n", "ａ", "~"]
)
def test_a_run_has_no_name_that_leads_out_of_its_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load_recipe(Path("recipes/sandbox.yaml").resolve(), (f"name={yaml.safe_dump(name)}",))


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/b", "A", "x" * 60, "a\0", "", "con.txt", "train", "hsft_../x"])
def test_no_arm_has_a_name_that_leads_out_of_its_folder(name: str) -> None:
    sandbox = Path("recipes/sandbox.yaml").resolve()
    quoted = yaml.safe_dump(name, width=1000).strip().removesuffix("\n...")
    for section, value in (("comparisons", "{layouts: [solution]}"), ("controls", "{fresh: calls}")):
        with pytest.raises(ConfigError):
            load_recipe(sandbox, (f"{section}={{{quoted}: {value}}}",))


@pytest.mark.parametrize(
    "link", ["manifest.json", "data", ".manifest.json.unfinished", "logs/events.jsonl", "store.sqlite"]
)
def test_a_run_does_not_write_where_a_link_in_its_folder_leads(link: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir() if link == "data" else outside.write_text("mine")
    (tmp_path / "run" / link).parent.mkdir(parents=True)
    (tmp_path / "run" / link).symlink_to(outside)
    (tmp_path / "run" / "recipe.yaml").touch()
    with pytest.raises(InputError, match="is a link"):
        Pipeline(small_recipe(tmp_path / "run"), Reporter(quiet=True)).run(until="problems")
    assert list(outside.iterdir()) == [] if link == "data" else outside.read_text() == "mine"
    with pytest.raises(InputError, match="is a link"):
        view([tmp_path / "run"], port=0, reviewer="ann", browser=False, reporter=Reporter(quiet=True))


@pytest.mark.parametrize("name", ["../victim", "/etc/hostname", "data/../../victim", "checkpoints/../../victim/model"])
def test_a_manifest_that_leads_out_of_its_folder_is_not_followed(name: str, tmp_path: Path) -> None:
    """Neither read by `verify`, nor copied by `replay`."""
    folder = RunFolder(tmp_path / "run")
    folder.root.mkdir()
    numbers = {"fingerprint": "x", "seconds": 1.0, "in": 0, "kept": 0, "rejected": {}}
    entry = numbers | {"outputs": {name: {"sha256": "0" * 64, "size_bytes": 1}}}
    write_sealed_json(folder.manifest_path, {"schema_version": 2, "stages": {"problems": entry}})
    with pytest.raises(StorageError, match="expected a path within the run's folder"):
        folder.read_manifest()
    (damage,) = verify_run(folder.root).damages
    assert damage.path == "manifest.json"


def test_a_password_in_a_url_does_not_stand_in_the_saved_recipe(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path / "run", "teacher.base_url='http://canary-user:canary-pass@127.0.0.1:9/v1'")
    Pipeline(recipe, Reporter(quiet=True)).run(until="problems")
    assert "canary" not in (tmp_path / "run" / "recipe.yaml").read_text()
    assert load_recipe(tmp_path / "run" / "recipe.yaml").teacher.base_url == "http://127.0.0.1:9/v1"
