"""What `import supercorrect` offers, used as a stranger would use it."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

import supercorrect
from small_runs import REPOSITORY, SANDBOX, SMALL
from supercorrect.records import Correction, Thought
from supercorrect.sandbox.language import make_chain
from supercorrect.sandbox.pretraining import slipped_steps
from supercorrect.sandbox.server import MockOptions, create_app, running_app
from supercorrect.sandbox.teacher import answer

PROBLEM = "What is 2 + 3 * 4?"
REFERENCE = "3 * 4 = 12.\n2 + 12 = 14."
TRACE = (
    "<Step1> 2 + 3 = 5 <Cause> products come first </Cause> <Correction> 3 * 4 = 12 </Correction> </Step1>\n"
    "<Step2> 2 + 12 = 14 </Step2>\n<Answer> 14 </Answer>"
)


@pytest.fixture
def asked() -> list[str]:
    """What the scripted teacher has been asked last."""
    return []


@pytest.fixture
def teacher(tmp_path: Path, asked: list[str]) -> Iterator[supercorrect.Teacher]:
    """A teacher that first forgets the cause, and writes it when it is told."""

    def reply(messages: list[dict[str, str]]) -> str:
        asked.append(messages[-1]["content"])
        return TRACE if len(messages) > 1 else TRACE.replace("<Cause> products come first </Cause>", "")

    with running_app(create_app(reply, MockOptions())) as url:
        endpoint = supercorrect.EndpointConfig(model="scripted", base_url=url, api_key_env=None)
        yield supercorrect.Teacher(endpoint, store=tmp_path / "answers.sqlite")


def test_the_stub_lists_what_the_package_offers() -> None:
    stub = ast.parse((REPOSITORY / "src" / "supercorrect" / "__init__.pyi").read_text(encoding="utf-8"))
    names = {alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert names | {"__version__"} == set(supercorrect.__all__) == set(dir(supercorrect))
    assert all(getattr(supercorrect, name) is not None for name in supercorrect.__all__)
    with pytest.raises(AttributeError, match="no attribute 'teach'"):
        supercorrect.teach  # type: ignore[attr-defined]  # noqa: B018


def test_a_wrong_solution_of_ones_own_is_corrected(teacher: supercorrect.Teacher, asked: list[str]) -> None:
    solution = "2 + 3 = 5\n\n5 * 4 = 20"
    correction = teacher.correct(PROBLEM, REFERENCE, "14", solution)
    assert isinstance(correction, Correction)
    assert (correction.first_error_step, correction.cause) == (1, "products come first")
    assert (correction.correction, correction.corrected_answer) == ("3 * 4 = 12", "14")
    assert len(asked) == 2  # it was told that the cause is missing
    assert teacher.correct(PROBLEM, REFERENCE, "14", solution) == correction
    assert len(asked) == 2  # and is never asked the same again


def test_a_correction_that_does_not_grade_is_refused(teacher: supercorrect.Teacher) -> None:
    refused = teacher.correct(PROBLEM, REFERENCE, "15", "2 + 3 = 5\n\n5 * 4 = 20")
    assert isinstance(refused, supercorrect.Refusal)
    assert refused.reason == "answer_incorrect"


def test_the_oracle_explains_and_corrects(tmp_path: Path) -> None:
    rng = random.Random(5)
    chain = make_chain(rng, 3, 4)
    steps = "\n\n".join(slipped_steps(chain, 1, rng, key_share=0.0))
    with running_app(create_app(answer, MockOptions())) as url:
        endpoint = supercorrect.EndpointConfig(model="oracle", base_url=url, api_key_env=None)
        oracle = supercorrect.Teacher(endpoint, store=tmp_path / "answers.sqlite")
        thought = oracle.explain(chain.text, chain.reference_solution, str(chain.values[-1]))
        correction = oracle.correct(chain.text, chain.reference_solution, str(chain.values[-1]), steps)
    assert isinstance(thought, Thought)
    assert len(thought.thought.steps) == len(chain.moves)
    assert isinstance(correction, Correction)
    assert correction.first_error_step == 2


def test_a_run_stops_where_it_is_told(tmp_path: Path) -> None:
    manifest = supercorrect.run(SANDBOX, *SMALL, f"output_dir={tmp_path / 'run'}", until="problems", quiet=True)
    assert list(manifest.stages) == ["problems"]
    assert manifest.stages["problems"].kept == 48 + 24 + 16


def test_grading_and_parsing_need_no_more_than_text() -> None:
    assert supercorrect.grade("so it is \\boxed{0.5}", "1/2").status == "correct"
    thought = supercorrect.parse_thought("<Step1> 2 + 2 = 4 </Step1> <Answer> 4 </Answer>").record
    assert thought is not None and thought.answer == "4"
    trace = supercorrect.parse_correction(TRACE).record
    assert trace is not None and trace.first_error_step == 1


@pytest.fixture(scope="module")
def student() -> Iterator[supercorrect.Student]:
    """The sandbox's base student, which knows no tags: its reviews find whatever they find."""
    prompts = "supercorrect.sandbox:prompts"
    with supercorrect.Student(
        "supercorrect.sandbox:base_student",
        solving=f"{prompts}/hierarchical.jinja",
        correction=f"{prompts}/correction.jinja",
        max_new_tokens=120,
    ) as opened:
        yield opened


def test_a_student_solves_and_votes(student: supercorrect.Student) -> None:
    chain = make_chain(random.Random(1), 2, 2, tricky_share=0.0)
    solved = student.solve(chain.text)
    assert solved.attempt.answer == str(chain.values[-1])  # two simple moves are what it was made for
    voted = student.solve(chain.text, votes=3, temperature=0.7)
    assert len(voted.attempts) == 3
    assert sum(votes for _, votes in voted.shares) == 3


def test_a_student_mends_what_it_finds_wrong(student: supercorrect.Student) -> None:
    rng = random.Random(2)
    chain = make_chain(rng, 3, 3, tricky_share=0.0)
    steps = slipped_steps(chain, 1, rng, key_share=0.0)
    reviewed = [student.self_correct(chain.text, "\n\n".join(slipped)) for slipped in (steps, steps[:1])]
    for attempt, written in zip(reviewed, (steps, steps[:1]), strict=True):
        if attempt.finding is None:
            assert attempt.completion.count("<Step") == len(written)
        else:
            assert 1 <= attempt.finding.step <= len(written)
            assert attempt.first is None or attempt.first.count("<Step") == len(written)
