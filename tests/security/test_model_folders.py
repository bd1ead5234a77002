"""A hostile model folder: nothing in it is unpickled, imported, fetched or asked about; it gives one message."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from supercorrect.errors import ConfigError, InputError
from supercorrect.models.weights import load_model, load_tokenizer, resolve_model_path
from supercorrect.training.rendering import chat_prompt_ids

STUDENT = Path(resolve_model_path("supercorrect.sandbox:base_student"))


class Touch:
    """What is pickled of it makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self._path),)


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A good model; whoever wants to ask at the terminal whether to trust it fails the test."""
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("asked at the terminal"))
    shutil.copytree(STUDENT, tmp_path / "model")
    return tmp_path / "model"


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def pickle_weights(folder: Path, canary: Path, name: str) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({"x": Touch(canary)}, folder / name)


def own_code(folder: Path, canary: Path) -> None:
    (folder / "evil.py").write_text(f"import os; os.mkdir({str(canary)!r})\n")
    change(
        folder / "config.json",
        auto_map={"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"},
        model_type="evil",
    )


def own_tokenizer(folder: Path, canary: Path) -> None:
    own_code(folder, canary)
    change(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.T", "evil.T"]}, tokenizer_class="EvilT")


def index_to(name: str) -> Callable[[Path, Path], None]:
    def make(folder: Path, canary: Path) -> None:
        (folder / "model.safetensors").rename(folder.parent / "outside.safetensors")
        torch.save({"x": Touch(canary)}, folder / "evil.bin")
        (folder / "good.safetensors").touch()
        index = {"metadata": {}, "weight_map": {"lm_head.weight": name}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))

    return make


def adapter(folder: Path, canary: Path) -> None:
    torch.save({"x": Touch(canary)}, folder / "adapter_model.bin")
    config = {"peft_type": "LORA", "base_model_name_or_path": str(STUDENT), "target_modules": "all-linear", "r": 4}
    (folder / "adapter_config.json").write_text(json.dumps(config))


HOSTILE: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    "pytorch_model.bin": (lambda f, c: pickle_weights(f, c, "pytorch_model.bin"), "a pickle.*convert it"),
    "model.pt": (lambda f, c: pickle_weights(f, c, "model.pt"), "a pickle.*convert it"),
    "model.pkl": (lambda f, c: pickle_weights(f, c, "model.pkl"), "a pickle.*convert it"),
    "an index of pickles": (index_to("evil.bin"), r"expected names of \*\.safetensors files"),
    "an index that leads out": (index_to("../outside.safetensors"), r"expected names of \*\.safetensors files"),
    "an adapter of pickles": (adapter, "not a model"),
    "code of its own": (own_code, "custom code"),
    "a kernel of the hub": (
        lambda f, _: change(f / "config.json", _attn_implementation="evil/kernel"),
        "compiled code",
    ),
    "negative sizes": (lambda f, _: change(f / "config.json", hidden_size=-1), "negative"),
    "no JSON": (lambda f, _: change_text(f / "config.json", '{"'), "not a valid JSON"),
    "weights cut short": (lambda f, _: change_text(f / "model.safetensors", "short"), "not a model"),
}


def change_text(path: Path, text: str) -> None:
    path.write_text(text)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_weights_are_refused_and_run_nothing(name: str, folder: Path, canary: Path) -> None:
    make, words = HOSTILE[name]
    make(folder, canary)
    with pytest.raises(InputError, match=words):
        load_model(str(folder))
    assert not canary.exists()


def test_a_pickle_beside_safetensors_is_left_alone(folder: Path, canary: Path) -> None:
    """Trainers leave training_args.bin there."""
    torch.save({"x": Touch(canary)}, folder / "training_args.bin")
    torch.save({"x": Touch(canary)}, folder / "pytorch_model.bin")
    assert load_model(str(folder)).num_parameters() > 0
    assert not canary.exists()


def test_a_hostile_tokenizer_runs_nothing(folder: Path, canary: Path) -> None:
    own_tokenizer(folder, canary)
    with pytest.raises(InputError, match="custom code"):
        load_tokenizer(str(folder))
    assert not canary.exists()


def test_a_damaged_tokenizer_gives_a_message(folder: Path) -> None:
    change_text(folder / "tokenizer.json", '{"a": 1}')
    with pytest.raises(InputError, match="not a model"):
        load_tokenizer(str(folder))


TEMPLATES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.mkdir('canary') }}",
    "{{ messages.append(1) }}",
    "{{ self.__init__.__globals__ }}",
    "{% for i in range(1000000) %}{% endfor %}",
    "{% include '/etc/hostname' %}",
)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_hostile_chat_template_stays_in_its_sandbox(template: str, folder: Path) -> None:
    (folder / "chat_template.jinja").write_text(template)
    with pytest.raises(ConfigError, match="chat template"):
        chat_prompt_ids(load_tokenizer(str(folder)), "1 + 1?")
