"""A trained student for others: it loads, its prompts are with it, its card's figures are the run's."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import yaml

from small_runs import small_recipe
from supercorrect.config import LoraConfig, SamplingConfig, StudentConfig, SupervisedConfig
from supercorrect.errors import InputError
from supercorrect.export import convert_to_gguf, export_model, push_export
from supercorrect.models.engines import open_student
from supercorrect.models.weights import load_model, load_tokenizer
from supercorrect.progress import Reporter
from supercorrect.run_folder import RunFolder
from supercorrect.student_profile import read_profile

BASE = "supercorrect.sandbox:base_student"


def test_the_exported_student_writes_what_the_runs_writes(small_run: Path, tmp_path: Path) -> None:
    files = export_model(small_recipe(small_run), RunFolder(small_run), "cross_dpo", tmp_path)
    assert {"README.md", "config.json", "model.safetensors", "supercorrect/solving.jinja"} <= set(files)
    prompt = [[5, 6, 7, 8]]
    models = [str(small_run / "checkpoints" / "cross_dpo" / "model"), str(tmp_path)]
    students = [open_student(model, StudentConfig(model=model)) for model in models]
    written = [one.sample(prompt, SamplingConfig(max_new_tokens=12), seed=0) for one in students]
    assert written[0] == written[1]
    assert read_profile(str(tmp_path)).arm == "cross_dpo"


def test_the_cards_figures_are_the_runs(small_run: Path, tmp_path: Path) -> None:
    export_model(small_recipe(small_run), RunFolder(small_run), "cross_dpo", tmp_path)
    _, front, body = (tmp_path / "README.md").read_text().split("---\n", 2)
    assert yaml.safe_load(front)["library_name"] == "transformers"
    arms = json.loads((small_run / "metrics.json").read_text())["arms"]
    for name in ("base", "hsft", "cross_dpo"):
        value = 100 * arms[name]["accuracy"]["value"]
        low, high = (100 * bound for bound in arms[name]["accuracy"]["ci95"])
        assert f"| {name} | {value:.1f} [{low:.1f}, {high:.1f}] |" in body
    folder = RunFolder(small_run)
    stages = folder.read_manifest().stages
    assert f"| corrections | {stages['corrections'].inputs} | {stages['corrections'].kept} |" in body
    taught = f"fine-tuned on {stages['thoughts'].kept} hierarchical thoughts of its teacher"
    assert f"hsft: {taught}, {folder.training_steps('hsft')} steps" in body
    n = stages["evaluation_cross_dpo"].inputs
    for words in (f"on {n} held-out problems", "continuation", "beta 0.5", "Intended use", "Decontamination"):
        assert words in body


def test_a_student_that_was_not_measured_has_no_figures(small_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(small_run, run)
    (run / "metrics.json").unlink()
    export_model(small_recipe(run), RunFolder(run), "sft", tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text()
    assert "has not been measured" in card and "| base |" not in card
    assert f"sft: fine-tuned on the problems' own solutions, {RunFolder(run).training_steps('sft')} steps" in card


def test_a_student_that_the_run_has_not_is_named_with_those_it_has(small_run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--model hfst: expected one of .*cross_dpo, hsft"):
        export_model(small_recipe(small_run), RunFolder(small_run), "hfst", tmp_path)


def test_adapters_stay_beside_the_merged_model(tmp_path: Path) -> None:
    import peft
    import torch

    from supercorrect.training.rendering import training_row
    from supercorrect.training.supervised import train_supervised

    tokenizer = load_tokenizer(BASE)
    config = SupervisedConfig(max_steps=2, lora=LoraConfig(r=2), learning_rate=1e-2)
    rows = [training_row(tokenizer, "1 plus 1", "<Answer> 2 </Answer>")] * 4
    with Reporter(quiet=True).task("train", total=1) as task:
        train_supervised(
            BASE, rows, config, StudentConfig(model=BASE), folder=tmp_path, fingerprint="f", seed=0, task=task
        )
    merged = load_model(str(tmp_path / "model"))
    adapted = peft.PeftModel.from_pretrained(load_model(BASE), str(tmp_path / "model" / "adapter"))
    ids = torch.tensor([[5, 6, 7]])
    with torch.inference_mode():
        assert torch.allclose(merged(ids).logits, adapted(ids).logits, atol=1e-5)
        assert not torch.allclose(merged(ids).logits, load_model(BASE)(ids).logits, atol=1e-3)


def fake_converter(folder: Path, body: str) -> None:
    folder.mkdir()
    script = folder / "convert_hf_to_gguf.py"
    script.write_text("#!/usr/bin/env python3\nimport sys, pathlib\n" + body)
    script.chmod(script.stat().st_mode | stat.S_IXUSR)


WRITING = "pathlib.Path(sys.argv[sys.argv.index('--outfile') + 1]).write_text(sys.argv[1])\n"


@pytest.mark.parametrize("by_path", [False, True], ids=["LLAMA_CPP", "PATH"])
def test_the_users_converter_makes_gguf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_path: bool) -> None:
    fake_converter(tmp_path / "llama.cpp", WRITING)
    if by_path:
        monkeypatch.delenv("LLAMA_CPP", raising=False)
        monkeypatch.setenv("PATH", str(tmp_path / "llama.cpp"))
    else:
        monkeypatch.setenv("LLAMA_CPP", str(tmp_path / "llama.cpp"))
    (tmp_path / "model").mkdir()
    assert convert_to_gguf(tmp_path / "model", "sandbox-hsft").read_text() == str(tmp_path / "model")
    assert [file.name for file in (tmp_path / "model").iterdir()] == ["sandbox-hsft.gguf"]


def test_a_converter_that_is_not_there_or_fails_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_CPP", str(tmp_path / "gone"))
    with pytest.raises(InputError, match=r"LLAMA_CPP to its folder"):
        convert_to_gguf(tmp_path, "m")
    fake_converter(tmp_path / "llama.cpp", WRITING + "sys.exit('Model Qwen9 is not supported')\n")
    monkeypatch.setenv("LLAMA_CPP", str(tmp_path / "llama.cpp"))
    with pytest.raises(InputError, match="Qwen9 is not supported"):
        convert_to_gguf(tmp_path, "m")
    assert not list(tmp_path.glob("*.gguf*")) and not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(("kind", "private"), [("model", True), ("dataset", True), ("model", False)])
def test_what_is_pushed_is_private_unless_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Any, private: bool
) -> None:
    calls: list[tuple[str, tuple[object, ...], dict[str, object]]] = []

    class Hub:
        def create_repo(self, *args: object, **options: object) -> str:
            calls.append(("create", args, options))
            return "https://hub/owner/name"

        def upload_folder(self, *args: object, **options: object) -> None:
            calls.append(("upload", args, options))

    monkeypatch.setattr(huggingface_hub, "HfApi", Hub)
    chosen = {} if private else {"private": False}
    assert push_export(tmp_path, "owner/name", kind, **chosen) == "https://hub/owner/name"
    assert calls[0] == ("create", ("owner/name",), {"repo_type": kind, "private": private, "exist_ok": True})
    assert calls[1][2] == {"folder_path": str(tmp_path), "repo_id": "owner/name", "repo_type": kind}
