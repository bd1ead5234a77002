"""The shipped student loads as any hub model does, and is what its card says."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from supercorrect.sandbox import base_training
from supercorrect.sandbox.gate import GATE, measure_gate
from supercorrect.sandbox.language import TRICKY_MOVES, make_problems
from supercorrect.sandbox.tokenizer import UNKNOWN, build_tokenizer, vocabulary

FOLDER = Path(str(files("supercorrect.sandbox") / "base_student"))


def test_the_tokenizer_loads_as_itself_and_decodes_exactly() -> None:
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    assert tokenizer.get_vocab() == build_tokenizer().get_vocab() == {t: i for i, t in enumerate(vocabulary())}
    unknown = tokenizer.convert_tokens_to_ids(UNKNOWN)
    for problem in make_problems(count=100, seed=9, split="held_out"):
        for text in (f" {problem.problem}", problem.reference_solution):
            ids = tokenizer(text)["input_ids"]
            assert unknown not in ids
            assert tokenizer.decode(ids) == text


def test_it_is_small_and_of_safetensors_alone() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) <= 4_000_000
    assert not [file for file in FOLDER.iterdir() if file.suffix in {".bin", ".pt", ".pkl"}]


def test_it_passes_its_gate_and_is_bad_at_tricky_moves() -> None:
    tokenizer = AutoTokenizer.from_pretrained(FOLDER, padding_side="left")
    measures = measure_gate(AutoModelForCausalLM.from_pretrained(FOLDER), tokenizer)
    for name, bound in GATE.items():
        assert measures[name] >= bound, measures
    for kind in TRICKY_MOVES:
        assert measures[f"{kind}_in_one_go"] <= 0.35, measures


@pytest.mark.parametrize(("size", "parameters"), [("0.45m", 0.45e6), ("30m", 30e6), ("100m", 100e6)])
def test_students_have_the_sizes_that_they_are_called_by(size: str, parameters: float) -> None:
    with torch.device("meta"):
        model = base_training.build_model(build_tokenizer(), base_training.SIZES[size])
    assert model.num_parameters() == pytest.approx(parameters, rel=0.1)


def test_a_student_is_trained_and_written_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_PHASE", "SECOND_PHASE"):
        monkeypatch.setattr(base_training, name, 96)
    tokenizer = build_tokenizer()
    torch.manual_seed(0)
    model = base_training.build_model(tokenizer, base_training.Size(32, 32, 1, 5e-3))
    untrained = {name: parameter.clone() for name, parameter in model.named_parameters()}
    [last] = base_training.train(model, tokenizer, 5e-3)
    assert last["step"] == 6
    assert set(GATE) <= set(last)
    assert all(not torch.equal(parameter, untrained[name]) for name, parameter in model.named_parameters())
    base_training.write_student(model, tokenizer, [last], tmp_path)
    written = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert all(torch.equal(p, written.get_parameter(name)) for name, p in model.named_parameters())
