"""Correction traces and reviews of a single step, as models write them."""

from __future__ import annotations

import pytest

from supercorrect.formats import (
    StepReview,
    find_named_step,
    open_step,
    parse_correction,
    parse_step_review,
    render_correction,
    render_step_review,
)
from supercorrect.records import CorrectedStep, ParsedCorrection

CANONICAL = r"""<Step1> $3 + 4 = 7$ </Step1>
<Step2> $7 \cdot 2 = 15$ <Cause> $7 \cdot 2$ is not $15$ </Cause> <Correction> <Key> 7 + 7 </Key> = 14 </Correction> </Step2>
<Answer> 14 </Answer>"""  # noqa: E501


def test_canonical_trace_is_read_without_repairs_and_written_back() -> None:
    result = parse_correction(CANONICAL)
    assert result.ok and result.repairs == () and result.failure is None
    assert result.record == ParsedCorrection(
        steps=(
            CorrectedStep(text="$3 + 4 = 7$"),
            CorrectedStep(
                text=r"$7 \cdot 2 = 15$", cause=r"$7 \cdot 2$ is not $15$", correction="<Key> 7 + 7 </Key> = 14"
            ),
        ),
        answer="14",
        first_error_step=2,
    )
    assert render_correction(result.record) == CANONICAL


W = CorrectedStep(text="w", cause="c", correction="r")
CASES: list[tuple[str, str, CorrectedStep, list[str]]] = [
    ("method.md: <cause>", "<Step1> w <cause> c </cause> <correction> r </correction> </Step1>", W, ["tag_respelled"]),
    ("model: number on the cause", "<Step1> w <Cause1> c </Cause1> <Correction 1> r </Correction 1> </Step1>", W,
     ["tag_respelled"]),
    ("model: behind the step", "<Step1> w </Step1> <Cause> c </Cause> <Correction> r </Correction>", W,
     ["part_outside_step"]),
    ("model: cause runs into correction", "<Step1> w <Cause> c <Correction> r </Correction> </Step1>", W,
     ["missing_closing_tag"]),
    ("model: <Cause> closed by <Cause>", "<Step1> w <Cause> c <Cause> <Correction> r <Correction> </Step1>", W,
     ["closed_by_opening_tag"]),
    ("model: cause closed by correction's tag", "<Step1> w <Cause> c </Correction> <Correction> r </Cause> </Step1>", W,
     ["mismatched_closing_tag"]),
    ("looping student: the first counts",
     "<Step1> w <Cause> c </Cause> <Correction> r </Correction> <Cause> d </Cause> <Correction>s</Correction></Step1>",
     W, ["extra_part"]),
    ("model: empty cause", "<Step1> w <Cause> </Cause> <Correction> r </Correction> </Step1>",
     CorrectedStep(text="w", correction="r"), ["empty_element"]),
    ("model: cause alone", "<Step1> w <Cause> c </Cause> </Step1>", CorrectedStep(text="w", cause="c"), []),
    ("model: the step is not restated", "<Step1> <Cause> c </Cause> <Correction> r </Correction> </Step1>",
     CorrectedStep(text="", cause="c", correction="r"), []),
    ("model: text behind the correction",
     "<Step1> w <Cause> c </Cause> <Correction> r </Correction> so 5 </Step1>",
     CorrectedStep(text="w\nso 5", cause="c", correction="r"), []),
    ("model: a generalized",
     "<Step1> w <Cause>c</Cause> <Correction>r</Correction> </Step1><Generalized>g</Generalized>",
     W, ["generalized_dropped"]),
    ("cut off in the correction", "<Step1> w <Cause> c </Cause> <Correction> r", W, ["missing_closing_tag"]),
    ("key in every text",
     "<Step1> <Key> w </Key> <Cause> <Key> c </Key> </Cause> <Correction> <Key> r </Key> </Correction> </Step1>",
     CorrectedStep(text="<Key> w </Key>", cause="<Key> c </Key>", correction="<Key> r </Key>"), []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "step", "repairs"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_deviating_trace_is_repaired_and_says_so(text: str, step: CorrectedStep, repairs: list[str]) -> None:
    result = parse_correction(text)
    assert result.record is not None, result
    assert result.record.steps == (step,)
    assert result.record.first_error_step == 1
    assert sorted(result.repairs) == sorted(repairs)
    again = parse_correction(render_correction(result.record))
    assert (again.record, again.repairs) == (result.record, ())


def test_first_error_step_is_the_position_not_the_number_in_the_text() -> None:
    result = parse_correction("<Step4> a </Step4> <Step7> b <Cause> c </Cause> </Step7> <Step9> d <Cause> e </Cause>")
    assert result.record is not None and result.record.first_error_step == 2
    assert result.repairs == ("missing_closing_tag", "steps_renumbered")


def test_a_trace_may_fault_nothing_and_lack_an_answer() -> None:
    result = parse_correction("<Step1> a </Step1>")
    assert result.record == ParsedCorrection(steps=(CorrectedStep(text="a"),), answer=None, first_error_step=None)
    assert result.repairs == ()


@pytest.mark.parametrize(
    ("text", "failure"),
    [("", "empty_text"), ("All steps are right.", "no_steps"), ("<Cause> c </Cause> <Answer> 7 </Answer>", "no_steps")],
)
def test_a_text_that_is_no_trace_has_exactly_one_cause(text: str, failure: str) -> None:
    result = parse_correction(text)
    assert (result.record, result.failure) == (None, failure)


@pytest.mark.parametrize(
    ("text", "review"),
    [
        (" </Step2>", StepReview(closed=True)),
        (" <Cause> c </Cause> <Correction> r </Correction> </Step2>", StepReview("c", "r", True)),
        (" <Cause> c </Cause> <Correction> r </Correction> </Step2>\n<Step3> on", StepReview("c", "r", True)),
        (" </Step2> <Cause> too late </Cause>", StepReview(closed=True)),
        (" <Cause> c </Cause> <Correction> r <Key> k </Key>", StepReview("c", "r <Key> k </Key>", False,
         ("missing_closing_tag",))),
        (" <cause>c</cause> </Step 2:>", StepReview("c", None, True, ("tag_respelled",))),
        (" + 1 <Cause> c </Cause> </Step2>", StepReview("c", None, True, ("text_outside_tags",))),
        (" <Cause> c </Cause>\n<Step3> on </Step3>", StepReview("c", None, False)),
        ("<Answer> 7 </Answer>", StepReview()),
        ("", StepReview()),
    ],
)  # fmt: skip
def test_review_of_an_opened_step(text: str, review: StepReview) -> None:
    assert parse_step_review(text) == review


@pytest.mark.parametrize(("cause", "correction"), [(None, None), ("c", None), (None, "r"), ("c", "r <Key> k </Key>")])
def test_written_review_is_read_back_and_completes_the_step(cause: str | None, correction: str | None) -> None:
    written = render_step_review(3, cause, correction)
    assert parse_step_review(written) == StepReview(cause, correction, closed=True)
    whole = parse_correction(open_step(3, "w") + written).record
    assert whole is not None and whole.steps == (CorrectedStep(text="w", cause=cause, correction=correction),)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        (CANONICAL, 2),
        ("<Step3> w <Cause> c </Cause> </Step3>", 3),
        ("<Step1> a </Step1> <Step4> w <Correction> r </Correction> </Step4>", 4),
        ("<Step> a </Step> <Step> w <Cause> c </Cause> </Step>", 2),
        ("<Step2> a </Step2> <Step2> w <Cause> c </Cause> </Step2>", 2),
        ("<Step5> a </Step5> <Step1> w <Cause> c </Cause> </Step1>", 2),
        ("<Step1> a </Step1>", None),
        ("no trace", None),
    ],
)
def test_a_trace_that_skips_steps_names_them_by_number(text: str, step: int | None) -> None:
    assert find_named_step(text) == step
