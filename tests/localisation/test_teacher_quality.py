"""A teacher with known faults and an inspector with known leniency: the figures are those they were built with."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from labelled_rows import STEPS, write_set
from small_runs import small_recipe
from supercorrect.errors import BudgetReachedError
from supercorrect.formats import render_steps
from supercorrect.localisation.loading import load_labelled_sets
from supercorrect.localisation.teaching import evaluate_teacher
from supercorrect.progress import Reporter
from supercorrect.sandbox.server import MockOptions, create_app, running_app
from supercorrect.store import RequestStore

REFERENCE = "2 + 3 = 5\n10 - 1 = 9\n 9"


def row(number: int, index: int) -> dict[str, Any]:
    return {
        "problem": f"Problem {number}: what is (2 + 3) * 2 - 1?",
        "reference_solution": REFERENCE,
        "student_incorrect_solution": STEPS,
        "incorrect_index": index,
    }


def trace(step: int, answer: str) -> str:
    steps = list(STEPS)
    steps[step - 1] += " <Cause> no </Cause> <Correction> 5 * 2 = 10 </Correction>"
    return f"{render_steps(steps)}\n<Answer> {answer} </Answer>"


def teach(messages: list[dict[str, str]]) -> str:
    """Problem 0: right at once. 1: a wrong answer first, right when told. 2: the wrong step, mended for the inspector.

    3: the wrong step, and never another. 4: never a trace.
    """
    asked, told = messages[0]["content"], len(messages) > 1
    if "Problem 0" in asked:
        return trace(2, "9")
    if "Problem 1" in asked:
        return trace(2, "9" if told else "8")
    if "Problem 2" in asked:
        return trace(2 if told else 3, "9")
    return trace(3, "9") if "Problem 3" in asked else "I will not."


def inspect(messages: list[dict[str, str]]) -> str:
    """It refuses whatever faults step 3."""
    work = messages[-1]["content"].partition("<teacher_work ")[2]
    refused = work.index("<Cause>") > work.index("<Step3>")
    return (
        "<Verdict> revise </Verdict> <Remarks> look at step 2 </Remarks>" if refused else "<Verdict> accept </Verdict>"
    )


@pytest.fixture
def result(tmp_path: Path) -> dict[str, Any]:
    rows = [row(number, 1) for number in range(5)]
    sets = load_labelled_sets([write_set(tmp_path, "verify_then_generate", rows), write_set(tmp_path, "processbench")])
    with ExitStack() as stack:
        urls = [stack.enter_context(running_app(create_app(reply, MockOptions()))) for reply in (teach, inspect)]
        overrides = [
            f"{role}={{model: {role}, base_url: '{url}', api_key_env: null, serve: null}}"
            for role, url in zip(("teacher", "inspector"), urls, strict=True)
        ]
        recipe = small_recipe(tmp_path / "run", *overrides)
        store = stack.enter_context(RequestStore(tmp_path / "store.sqlite"))
        return evaluate_teacher(recipe, sets, tmp_path, store, Reporter(quiet=True))


def hits(result: dict[str, Any], condition: str) -> dict[str, int]:
    figures = result["conditions"][condition]
    shares = {
        "accepted": figures["accepted"],
        "located": figures["all"]["exact"],
        "answer_right": figures["answer_right"],
        "both": figures["all"]["corrected_answer"],
    }
    assert all(share["n"] == 5 for share in shares.values())
    return {name: round(share["value"] * 5) for name, share in shares.items()}


def test_each_condition_has_the_figures_it_was_built_with(result: dict[str, Any]) -> None:
    assert hits(result, "first_reply") == {"accepted": 4, "located": 2, "answer_right": 3, "both": 1}
    assert hits(result, "without_inspector") == {"accepted": 4, "located": 2, "answer_right": 4, "both": 2}
    assert hits(result, "with_inspector") == {"accepted": 3, "located": 3, "answer_right": 3, "both": 3}
    assert result["conditions"]["without_inspector"]["of_accepted"]["exact"]["value"] == 0.5
    assert result["conditions"]["with_inspector"]["of_accepted"]["exact"]["value"] == 1.0
    assert result["conditions"]["with_inspector"]["refused"] == {"inspector": 1, "no_steps": 1}


def test_the_inspector_is_held_against_people(result: dict[str, Any]) -> None:
    """It saw 0, 1 (mended), 2 (twice) and 3 (three times)."""
    inspector = result["inspector"]
    assert inspector["accepted"]["n"] == 7
    counts = {name: count for name, count in inspector.items() if name != "accepted"}
    assert counts == {
        "accepted_and_agreeing": 3,
        "accepted_but_differing": 0,
        "refused_but_agreeing": 0,
        "refused_and_differing": 4,
    }


def test_what_the_grounded_prompt_is_not_about_is_left_out_with_its_reason(
    result: dict[str, Any], tmp_path: Path
) -> None:
    assert result["n"] == 5
    assert result["left_out"] == {"no_reference_answer": 2, "answer_right": 1, "no_wrong_step": 2}
    assert result["sets"]["processbench"] == dict.fromkeys(result["conditions"])
    assert json.loads((tmp_path / "metrics.json").read_text()) == result
    assert len((tmp_path / "items_with_inspector.jsonl").read_text().splitlines()) == 5
    assert len((tmp_path / "rejects.jsonl").read_text().splitlines()) == 5


def test_what_an_earlier_start_has_spent_counts_against_the_budget(tmp_path: Path) -> None:
    """Started again with one solution more: its first request is refused, and the store's cost is named."""
    price = "price: {input_usd_per_million_tokens: 1000, output_usd_per_million_tokens: 1000}"
    with running_app(create_app(teach, MockOptions())) as url, RequestStore(tmp_path / "store.sqlite") as store:
        teacher = f"teacher={{model: m, base_url: '{url}', api_key_env: null, serve: null, {price}}}"

        def start(rows: int, *overrides: str) -> None:
            sets = load_labelled_sets([write_set(tmp_path, "verify_then_generate", [row(n, 1) for n in range(rows)])])
            recipe = small_recipe(tmp_path / "run", teacher, "inspector=null", *overrides)
            evaluate_teacher(recipe, sets, tmp_path, store, Reporter(quiet=True))

        start(1)
        spent = store.spent_usd()
        assert spent > 0
        with pytest.raises(BudgetReachedError, match=re.escape(f"${spent:.4f} of max_cost_usd")):
            start(2, f"max_cost_usd={spent}")
