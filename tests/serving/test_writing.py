"""A student that runs here: what it is asked, what is cut, and what a stream may show."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise, repeat
from pathlib import Path

import pytest

from scripted_students import RIGHT, CharacterStudent, CharacterTokenizer, ScriptedStudent
from supercorrect.config import SamplingConfig
from supercorrect.errors import InputError
from supercorrect.grading import Grader
from supercorrect.sandbox.language import make_problems
from supercorrect.sandbox.server import running_app
from supercorrect.sandbox.student_server import create_student_app
from supercorrect.serving.batching import Batcher
from supercorrect.serving.many import Unsolved, solve_in_order
from supercorrect.serving.modes import Mode
from supercorrect.serving.opening import Changes, Server, open_for_solving, student_config
from supercorrect.serving.solving import Asked, Solved, solve
from supercorrect.serving.writing import OpenStudent, before_stops, shown_so_far
from supercorrect.student_profile import StudentProfile

SAMPLING = SamplingConfig(max_new_tokens=500)


class TemplatedTokenizer(CharacterTokenizer):
    """A chat whose prompt is the message and a line end."""

    def apply_chat_template(self, messages: list[dict[str, str]], **_: object) -> list[int]:
        return [*map(ord, messages[0]["content"]), ord("\n")]


@pytest.fixture
def student(tmp_path: Path) -> Iterator[OpenStudent]:
    template = tmp_path / "solving.jinja"
    template.write_text("{{ problem }}")
    engine = CharacterStudent(lambda _: RIGHT, tokenizer=TemplatedTokenizer())
    with Batcher(engine) as batcher:
        yield OpenStudent(batcher, StudentProfile(solving=str(template)), context_tokens=120)


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader() as grader:
        yield grader


def test_a_solution_has_the_room_that_its_prompt_leaves(student: OpenStudent, grader: Grader) -> None:
    solved = solve(Asked("2 + 2?", Mode(), SAMPLING), student.writer(), grader)
    assert (solved.attempt.completion, solved.prompt_tokens) == (RIGHT, 7)
    assert solved.completion_tokens == len(RIGHT) + 1
    cut = solve(Asked("x" * 99, Mode(), SAMPLING), student.writer(), grader)
    assert (cut.attempt.completion, cut.attempt.finish_reason) == (RIGHT[:20], "length")
    with pytest.raises(InputError, match="120 tokens, and characters reads 120"):
        solve(Asked("x" * 119, Mode(), SAMPLING), student.writer(), grader)


def test_a_solution_ends_before_its_stop(student: OpenStudent, grader: Grader) -> None:
    told: list[str] = []
    asked = Asked("2 + 2?", Mode(), SAMPLING, stops=("<Gen", "never"))
    solved = solve(asked, student.writer(), grader, lambda _, text: told.append(text))
    assert solved.attempt.completion == RIGHT.partition("<Gen")[0] == told[-1]
    assert all(later.startswith(earlier) for earlier, later in pairwise(told))


@pytest.mark.parametrize(
    ("text", "stops", "sure"),
    [
        ("abc", (), "abc"),
        ("caf\ufffd", (), "caf"),
        ("abc##", ("###",), "abc"),
        ("abc###d", ("###",), "abc"),
        ("abc#", ("x", "#y"), "abc"),
        ("", ("#",), ""),
    ],
)
def test_what_of_an_unfinished_text_is_sure_to_stay(text: str, stops: tuple[str, ...], sure: str) -> None:
    assert shown_so_far(text, stops) == sure
    assert before_stops(text, stops).startswith(sure)


def test_a_student_behind_a_server_writes_what_it_writes_here(tmp_path: Path, grader: Grader) -> None:
    model = "supercorrect.sandbox:base_student"
    changes = Changes(solving="supercorrect.sandbox:prompts/plain.jinja", max_new_tokens=160)
    (problem,) = make_problems(count=1, seed=3, split="errors")
    asked = Asked(problem.problem, Mode(), SamplingConfig(max_new_tokens=160), stops=("never",))
    config = student_config(model, engine="transformers", batch_size=4, dtype="float32", upstream=None)
    with open_for_solving(config, changes) as here:
        expected = solve(asked, here.writer(), grader)
        app = create_student_app(here.batcher.student, model="s", kind="vllm", context_tokens=640)
        with running_app(app) as url:
            server = Server(url, served_model="s")
            config = student_config(model, engine="transformers", batch_size=4, dtype="float32", upstream=server)
            with open_for_solving(config, changes) as there:
                assert solve(asked, there.writer(), grader) == expected
    assert expected.attempt.answer is not None


def test_many_are_solved_in_their_order_and_one_that_cannot_be_asked_stops_nobody(
    student: OpenStudent, grader: Grader
) -> None:
    problems = ["a", "x" * 200, "b", "c"]
    outcomes = list(solve_in_order((Asked(p, Mode(), SAMPLING) for p in problems), student, grader, width=2))
    assert [isinstance(one, Solved) for one in outcomes] == [True, False, True, True]
    assert isinstance(outcomes[1], Unsolved) and "200" not in outcomes[1].problem
    assert [one.asked.problem for one in outcomes if isinstance(one, Solved)] == ["a", "b", "c"]


def test_whoever_reads_no_further_ends_the_work(grader: Grader) -> None:
    scripted = ScriptedStudent()
    scripted.gate.clear()
    threading.Timer(0.05, scripted.gate.set).start()
    endless = (Asked(p, Mode(), SAMPLING) for p in repeat("2 + 2?"))
    outcomes = solve_in_order(endless, scripted, grader, width=4)
    assert isinstance(next(outcomes), Solved)
    scripted.gate.clear()
    outcomes.close()
    assert scripted.begun <= 6
