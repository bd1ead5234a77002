"""An oracle errs as often as it is told to, and the inspector sees it."""

from __future__ import annotations

import pytest

from supercorrect.errors import ConfigError
from supercorrect.formats import parse_correction, parse_inspection, parse_thought, render_steps
from supercorrect.prompts import read_template, render_prompt
from supercorrect.sandbox.inspector import REFUSAL, inspect
from supercorrect.sandbox.language import Chain, make_problems, read_chain
from supercorrect.sandbox.mistakes import Mistakes, parse_mistakes
from supercorrect.sandbox.teacher import answer, find_first_error

PROBLEMS = make_problems(count=400, seed=4, split="hsft")


def ask(template: str, **values: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": render_prompt(read_template(template), **values)}]


def chain_of(text: str) -> Chain:
    chain = read_chain(text)
    assert chain is not None
    return chain


def wrong_steps(chain: Chain) -> str:
    """A student's solution whose second step ends one hour late, and which goes on from there."""
    steps = [chain.step(0, with_key=False)]
    value = (chain.values[2] + 1) % 13
    steps.append(f"{chain.step(1, with_key=False).rpartition(' ')[0]} {value}")
    for index in range(2, len(chain.moves)):
        steps.append(chain.step(index, with_key=False, value=value))
        value = chain.moves[index].apply(value)
    return render_steps(steps)


def thoughts(mistakes: Mistakes) -> list[tuple[Chain, str]]:
    asked = [ask("thought_extraction", problem=p.problem, reference_solution=p.reference_solution) for p in PROBLEMS]
    return [(chain_of(p.problem), answer(m, mistakes=mistakes)) for p, m in zip(PROBLEMS, asked, strict=True)]


def corrections(mistakes: Mistakes) -> list[tuple[Chain, str, str]]:
    rows = []
    for problem in PROBLEMS:
        chain = chain_of(problem.problem)
        steps = wrong_steps(chain)
        asked = ask("grounded_correction", problem=chain.text, reference_solution=chain.reference_solution, steps=steps)
        rows.append((chain, steps, answer(asked, mistakes=mistakes)))
    return rows


def accepted(chain: Chain, work: str, student_solution: str, mistakes: Mistakes = Mistakes()) -> bool:  # noqa: B008
    prompt = ask(
        "inspection",
        problem=chain.text,
        reference_solution=chain.reference_solution,
        student_solution=student_solution,
        work=work,
    )
    verdict = parse_inspection(inspect(prompt, mistakes)).verdict
    assert verdict is not None
    return verdict == "accept"


def test_wrong_thoughts_have_the_right_answer_and_one_wrong_step() -> None:
    wrong = 0
    for chain, text in thoughts(Mistakes(wrong_thought=0.3)):
        thought = parse_thought(text).record
        assert thought is not None
        assert thought.answer == str(chain.values[-1])
        is_wrong = find_first_error(chain, [step.text for step in thought.steps]) is not None
        assert accepted(chain, text, "") is not is_wrong
        wrong += is_wrong
    assert 0.22 < wrong / len(PROBLEMS) < 0.38


@pytest.mark.parametrize(
    ("mistakes", "first", "right"),
    [
        (Mistakes(), 1.0, 1.0),
        (Mistakes(misplaced_error=0.25), 0.75, 1.0),
        (Mistakes(wrong_correction=0.25), 1.0, 0.75),
        (Mistakes(missed_error=0.25), 0.75, 1.0),
    ],
)
def test_corrections_err_as_often_as_they_are_told_to(mistakes: Mistakes, first: float, right: float) -> None:
    placed = corrected = 0
    for chain, steps, text in corrections(mistakes):
        trace = parse_correction(text).record
        assert trace is not None
        assert trace.answer == str(chain.values[-1])
        is_placed = trace.first_error_step == 2
        is_right = trace.steps[1].correction in (chain.step(1, with_key=True), chain.step(1, with_key=False))
        assert accepted(chain, text, steps) is (is_placed and is_right)
        placed += is_placed
        corrected += is_right or not is_placed
    assert placed / len(PROBLEMS) == pytest.approx(first, abs=0.08)
    assert corrected / len(PROBLEMS) == pytest.approx(right, abs=0.08)


def test_keys_are_omitted() -> None:
    with_keys = [sum("<Key>" in text for *_, text in corrections(Mistakes(omitted_key=share))) for share in (0, 1)]
    assert with_keys[0] > 100
    assert with_keys[1] == 0


def test_told_so_it_draws_anew() -> None:
    mistakes = Mistakes(misplaced_error=0.5)
    asked = [
        ask("grounded_correction", problem=c.text, reference_solution="", steps=s) for c, s, _ in corrections(mistakes)
    ]
    again = [*asked[0], {"role": "assistant", "content": "…"}, {"role": "user", "content": "Write it again."}]
    assert answer(again, mistakes=mistakes) == answer(again, mistakes=mistakes)
    changed = [answer(m, mistakes=mistakes) != answer([*m, *again[1:]], mistakes=mistakes) for m in asked]
    assert 0.3 < sum(changed) / len(changed) < 0.7


def test_an_inspector_errs_as_often_as_it_is_told_to() -> None:
    rows = corrections(Mistakes(misplaced_error=0.5))
    sharp = [accepted(chain, text, steps) for chain, steps, text in rows]
    dull = [accepted(chain, text, steps, Mistakes(overlooked=0.3, false_alarm=0.1)) for chain, steps, text in rows]
    overlooked = [b for a, b in zip(sharp, dull, strict=True) if not a]
    alarmed = [not b for a, b in zip(sharp, dull, strict=True) if a]
    assert sum(overlooked) / len(overlooked) == pytest.approx(0.3, abs=0.1)
    assert sum(alarmed) / len(alarmed) == pytest.approx(0.1, abs=0.07)


def test_what_it_cannot_read_it_says() -> None:
    assert inspect([{"role": "user", "content": "hello"}]) == REFUSAL


def test_shares_are_read_or_refused() -> None:
    assert parse_mistakes("misplaced_error=0.1,seed=3") == Mistakes(misplaced_error=0.1, seed=3)
    for text in ("mispelt=0.1", "false_alarm=often"):
        with pytest.raises(ConfigError, match="expected name=share"):
            parse_mistakes(text)
    for text in ("false_alarm=5", "overlooked=-1", "omitted_key=nan"):
        with pytest.raises(ConfigError, match="between 0 and 1"):
            parse_mistakes(text)
