"""Pairs, token by token: the context is what the student was sampled with, and no side ends the turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from supercorrect.models.weights import load_tokenizer
from supercorrect.pair_layouts import OPEN_FAULT
from supercorrect.records import Correction, OwnCorrection, Pair, Problem, Solution
from supercorrect.run_folder import RunFolder
from supercorrect.training.rendering import chat_prompt_ids, decode_tokens, text_ids, user_message

HIERARCHICAL = "supercorrect.sandbox:prompts/hierarchical.jinja"
CORRECTION = "supercorrect.sandbox:prompts/correction.jinja"


@pytest.fixture
def folder(small_run: Path) -> RunFolder:
    return RunFolder(small_run)


def test_a_continuation_is_the_students_own_tokens_up_to_and_through_the_wrong_step(folder: RunFolder) -> None:
    tokenizer = load_tokenizer(str(folder.model("hsft")))
    problems = {p.problem_id: p.problem for p in folder.read("problems/errors", Problem)}
    solutions = {s.solution_id: s for s in folder.read("solutions/errors", Solution)}
    corrections = {c.correction_id: c for c in folder.read("corrections/errors", Correction)}
    pairs = [p for p in folder.read("pairs/train", Pair) if p.layout == "continuation"]
    for pair in pairs:
        prompt = tuple(chat_prompt_ids(tokenizer, user_message(HIERARCHICAL, problem=problems[pair.problem_id])))
        sampled = prompt + solutions[pair.solution_id].completion_token_ids
        assert sampled[: len(pair.prompt_ids)] == pair.prompt_ids
        assert sampled[: len(pair.prompt_ids) + len(pair.rejected_ids)] == pair.prompt_ids + pair.rejected_ids
        assert list(pair.chosen_ids) == text_ids(tokenizer, pair.chosen)
        assert corrections[pair.correction_id].correction in pair.chosen
        assert f"</Step{pair.step - 1}>" in pair.prompt or pair.step == 1
    assert len(pairs) > 5


def test_a_review_restates_the_students_own_tokens_and_ends_where_the_judgement_begins(folder: RunFolder) -> None:
    tokenizer = load_tokenizer(str(folder.model("hsft")))
    problems = {p.problem_id: p.problem for p in folder.read("problems/errors", Problem)}
    solutions = {s.solution_id: s for s in folder.read("solutions/errors", Solution)}
    own = {o.own_correction_id: o for o in folder.read("own_corrections/errors", OwnCorrection)}
    pairs = [p for p in folder.read("pairs/train", Pair) if p.layout != "continuation"]
    for pair in pairs:
        message = user_message(CORRECTION, problem=problems[pair.problem_id], steps="")
        opening = tuple(chat_prompt_ids(tokenizer, message))
        restated = pair.prompt_ids[len(opening) :]
        assert pair.prompt_ids[: len(opening)] == opening
        assert solutions[pair.solution_id].completion_token_ids[: len(restated)] == restated
        assert pair.own_correction_id is not None
        written = own[pair.own_correction_id].completion_token_ids
        begun_alarm = pair.layout == "right_step" and pair.rejected == OPEN_FAULT
        assert begun_alarm or written[: len(pair.rejected_ids)] == pair.rejected_ids
        if pair.layout == "right_step":
            assert pair.chosen == f" </Step{pair.step}>"
            assert pair.first_error_step is None or pair.step < pair.first_error_step
        elif pair.layout == "wrong_step":
            assert pair.chosen == OPEN_FAULT
        else:
            assert pair.chosen.startswith(" <Cause>")
            assert pair.chosen.endswith(f"</Step{pair.step}>")
    assert {p.layout for p in pairs} == {"correction", "right_step", "wrong_step"}


def test_no_side_ends_the_turn(folder: RunFolder) -> None:
    tokenizer = load_tokenizer(str(folder.model("hsft")))
    for pair in folder.read("pairs/train", Pair):
        assert pair.chosen_ids[-1] != tokenizer.eos_token_id
        assert decode_tokens(tokenizer, pair.chosen_ids) == pair.chosen
        assert pair.chosen_ids != pair.rejected_ids
