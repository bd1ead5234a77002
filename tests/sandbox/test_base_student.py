"""The shipped student loads as any hub model does, and is what its card says."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from transformers import AutoModelForCausalLM, AutoTokenizer

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
