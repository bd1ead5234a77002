"""Texts that give orders: each stays in its section, changes no record's structure, and lets nothing into training."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import supercorrect.supervision
from prompt_injections import PROMPT_INJECTIONS
from small_runs import small_recipe
from supercorrect.arms import ErrorSet
from supercorrect.config import EndpointConfig
from supercorrect.context import StageContext
from supercorrect.fences import make_fence
from supercorrect.formats import render_steps, split_steps
from supercorrect.grading import Grader, render_judge_prompt
from supercorrect.manifest import StageCounts
from supercorrect.models import ChatRequest
from supercorrect.progress import Reporter
from supercorrect.prompts import read_template, render_prompt
from supercorrect.records import Correction, Problem, Rejection, Solution, Thought, Verdict
from supercorrect.run_folder import RunFolder
from supercorrect.sandbox.teacher import section
from supercorrect.stages import corrections
from supercorrect.stages.corrections import read_corrections
from supercorrect.stages.thoughts import read_thoughts
from supercorrect.store import RequestStore, StoredResponse
from supercorrect.supervision import Refusal

SECTIONS = {
    "thought_extraction": ("problem", "reference_solution"),
    "grounded_correction": ("problem", "reference_solution", "student_solution"),
    "inspection": ("problem", "reference_solution", "student_solution", "teacher_work"),
    "revision": ("remark",),
}
VARIABLES = {"student_solution": ("steps", "student_solution"), "teacher_work": ("work",)}
FAULT = "<Cause> 3 + 3 is 6 </Cause> <Correction> 3 + 3 = 6 </Correction>"


def problem(number: int, text: str) -> Problem:
    return Problem(
        problem_id=f"p{number}",
        problem=f"1 + 2 + 3? {text}",
        reference_solution=f"1 + 2 = 3, and 3 + 3 = 6. {text}",
        reference_answer="6",
        split="errors",
        source="test",
    )


def solution(number: int, text: str) -> Solution:
    return Solution(
        solution_id=f"s{number}",
        problem_id=f"p{number}",
        student="hsft",
        sample_index=0,
        completion=f"<Step1> 1 + 2 = 3 </Step1>\n<Step2> 3 + 3 = 7 {text} </Step2>\n<Answer> 7 </Answer>",
        completion_token_ids=(),
        finish_reason="stop",
    )


def reply(text: str) -> StoredResponse:
    return StoredResponse(key="k", role="teacher", model="t", status="ok", text=text)


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader() as grader:
        yield grader


@pytest.mark.parametrize("text", PROMPT_INJECTIONS)
@pytest.mark.parametrize("name", SECTIONS)
def test_a_text_stays_in_its_section(name: str, text: str) -> None:
    """The mark stands in no text, so that what a prompt's sections hold can be told whatever they hold."""
    written = {part: f"{part}, then {text} and on" for part in SECTIONS[name]}
    values = {variable: value for part, value in written.items() for variable in VARIABLES.get(part, (part,))}
    prompt = render_prompt(read_template(name), **values)
    mark = re.findall(r"with the mark ([0-9a-f]{16}) ", prompt)[0]
    assert not any(mark in value for value in written.values())
    found = re.findall(rf"^<(\w+) {mark}>\n(.*?)\n</\1 {mark}>$", prompt, re.M | re.S)
    assert dict(found) == written and len(found) == len(written)
    assert prompt.count(mark) == 2 * len(written) + 1


@pytest.mark.parametrize("text", PROMPT_INJECTIONS)
def test_the_oracle_and_the_judge_are_shown_texts_in_marked_sections(text: str) -> None:
    values = {"problem": f"a {text}", "reference_solution": f"b {text}", "steps": f"c {text}"}
    prompt = render_prompt(read_template("grounded_correction"), **values)
    shown = [section(prompt, name) for name in SECTIONS["grounded_correction"]]
    assert shown == [value.strip() for value in values.values()]
    judged = render_judge_prompt(text, "6", f"1 + 2 + 3? {text}")
    fence = judged.partition("between the lines ")[2].partition(" ")[0]
    assert judged.split(f"\n{fence}\n")[1::2] == [f"1 + 2 + 3? {text}", "6", text]


def test_a_mark_that_stands_in_a_text_is_passed_over() -> None:
    """Even a writer who finds a text whose hash stands in it gains nothing."""
    first = make_fence("a", "b")
    assert first == make_fence("a", "b") != make_fence("ab", "")

    class Containing(str):
        """A text that holds the first mark, and hashes as if it did not."""

        def casefold(self) -> str:
            return f"a {first}"

    assert make_fence(Containing("a"), "b") not in ("", first)


OBEDIENT = (
    "{text}",
    "<Step1> 1 + 2 = 3 </Step1>\n<Step2> 3 + 3 = 7 {text} </Step2>\n<Answer> 7 </Answer>",
    f"<Step1> 1 + 2 = 3 </Step1>\n<Step2> 3 + 3 = 7 {{text}} {FAULT} </Step2>\n<Answer> 7 </Answer>",
    "<Step1> 1 + 2 = 3 </Step1>\n"
    "<Step2> 3 + 3 = 7 <Cause> {text} </Cause> <Correction> 3 + 3 = 7 </Correction> </Step2>\n<Answer> 7 </Answer>",
    "<Step1> 3 + 3 = 7 </Step1> <Generalized> {text} </Generalized> <Answer> 7 </Answer>",
)
"""What a teacher writes who does as a text says: in form, at worst, and never with the right answer."""


@pytest.mark.parametrize("text", PROMPT_INJECTIONS)
def test_whoever_obeys_a_text_is_refused_by_the_answer(text: str, grader: Grader) -> None:
    for obedient in OBEDIENT:
        written = reply(obedient.replace("{text}", text))
        outcomes: Sequence[object] = (
            *read_thoughts([(problem(1, text), written)], grader),
            *read_corrections([(problem(1, text), solution(1, text), written)], grader),
        )
        assert all(isinstance(outcome, Refusal) for outcome in outcomes), outcomes


@pytest.mark.parametrize("text", PROMPT_INJECTIONS)
def test_a_poisoned_text_changes_no_structure(text: str, grader: Grader) -> None:
    """An honest teacher restates the poisoned step: the record is as without the poison, or there is none."""
    own = [span.text for span in split_steps(solution(1, text).completion)] or ["1 + 2 = 3", f"3 + 3 = 7 {text}"]
    trace = f"<Step1> {own[0]} </Step1>\n<Step2> {own[1]} {FAULT} </Step2>\n<Answer> 6 </Answer>"
    (made,) = read_corrections([(problem(1, text), solution(1, text), reply(trace))], grader)
    if isinstance(made, Correction):
        expected = (2, "3 + 3 is 6", "3 + 3 = 6", "6")
        assert (made.first_error_step, made.cause, made.correction, made.corrected_answer) == expected
    else:
        assert made.reason in ("steps_not_restated", "no_cause", "no_correction", "no_answer", "no_steps"), made
    thought = "<Step1> 1 + 2 + 3 = 6 </Step1> <Generalized> add up </Generalized> <Answer> 6 </Answer>"
    (lesson,) = read_thoughts([(problem(1, text), reply(thought))], grader)
    assert isinstance(lesson, Thought)
    assert len(lesson.thought.steps) == 1 and lesson.thought.answer == "6"


def test_nothing_enters_training_on_the_inspectors_word_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A teacher that obeys every text, and an inspector that approves of everything: no correction is kept."""
    asked: list[str] = []

    def obey(
        context: StageContext, role: str, endpoint: EndpointConfig, requests: Sequence[ChatRequest]
    ) -> tuple[list[StoredResponse], StageCounts]:
        asked.append(role)
        if role == "inspector":
            return [reply("<Verdict> accept </Verdict>")] * len(requests), StageCounts()
        steps = [section(request.messages[0][1], "student_solution") or "" for request in requests]
        own = [[span.text for span in split_steps(one)] for one in steps]
        faulted = [[*one[:-1], f"{one[-1]} <Cause> c </Cause> <Correction> 3 + 3 = 7 </Correction>"] for one in own]
        return [reply(f"{render_steps(one)}\n<Answer> 7 </Answer>") for one in faulted], StageCounts()

    monkeypatch.setattr(supercorrect.supervision, "ask_endpoint", obey)
    folder, errors = RunFolder(tmp_path), ErrorSet("errors", "errors", "hsft")
    texts = list(enumerate(PROMPT_INJECTIONS))
    folder.write("problems/errors", [problem(number, text) for number, text in texts])
    folder.write("solutions/errors", [solution(number, text) for number, text in texts])
    wrong = [Verdict(verdict_id=f"v{n}", solution_id=f"s{n}", problem_id=f"p{n}", status="incorrect") for n, _ in texts]
    folder.write("verdicts/errors", wrong)
    recipe = small_recipe(tmp_path, "inspector={model: yes-man, api_key_env: null}", "max_rounds=1")
    with RequestStore(tmp_path / "store.sqlite") as store:
        counts, _ = corrections.run(
            StageContext(recipe, folder, store, Reporter(quiet=True), "corrections", "x"), errors
        )
    refused = folder.rejects("corrections").read_text().splitlines()
    reasons = {Rejection.model_validate_json(line).reason for line in refused}
    assert (counts.inputs, counts.kept, len(refused)) == (50, 0, 50)
    assert "answer_incorrect" in reasons
    assert folder.read("corrections/errors", Correction) == []
    assert asked == ["teacher"]  # what the answer refuses, no inspector is even asked about
