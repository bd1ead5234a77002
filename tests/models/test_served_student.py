"""A student behind a server: the traps of each kind, handled or refused with what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from supercorrect.config import SamplingConfig, StudentConfig
from supercorrect.errors import ConfigError, StudentEngineError
from supercorrect.models.completion_request import CompletionRequest
from supercorrect.models.engines import open_student
from supercorrect.models.served_student import ServedStudent
from supercorrect.models.student import Student
from supercorrect.models.weights import resolve_model_path
from supercorrect.sandbox.language import make_problems
from supercorrect.sandbox.server import running_app
from supercorrect.sandbox.student_server import create_student_app
from supercorrect.training.rendering import chat_prompt_ids

MODEL = "supercorrect.sandbox:base_student"
GREEDY = SamplingConfig(max_new_tokens=40)
DRAWN = SamplingConfig(temperature=1.0, max_new_tokens=12)
STOP = "second"


@pytest.fixture(scope="module")
def own() -> Iterator[Student]:
    with closing(open_student(MODEL, StudentConfig(model=MODEL))) as opened:
        yield opened


@pytest.fixture(scope="module")
def prompts(own: Student) -> list[list[int]]:
    return [chat_prompt_ids(own.tokenizer, p.problem) for p in make_problems(count=6, seed=0, split="errors")]


@pytest.fixture
def serve(own: Student) -> Iterator[Callable[..., tuple[ServedStudent, list[dict[str, Any]]]]]:
    """A student behind a server of one kind, and what that server is asked."""
    with ExitStack() as stack:

        def start(
            kind: str, *, model: str = MODEL, named: str | None = None, context: int = 32_768, **server: Any
        ) -> tuple[ServedStudent, list[dict[str, Any]]]:
            name = named or resolve_model_path(MODEL)
            app = create_student_app(own, model=name, kind=kind, context_tokens=context)  # type: ignore[arg-type]
            url = stack.enter_context(running_app(app))
            student = stack.enter_context(closing(ServedStudent(model, _config(url, **server))))
            return student, app.state.bodies

        yield start


def _config(url: str, **server: Any) -> StudentConfig:
    return StudentConfig.model_validate({"model": MODEL, "engine": "openai", "server": {"base_url": url, **server}})


@pytest.mark.parametrize(
    "kind",
    [
        "vllm",
        "transformers",
        *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("sglang", "llama.cpp", "ollama", "other")),
    ],
)
def test_every_kind_gives_the_students_own_greedy_tokens_and_stops(
    kind: str, own: Student, prompts: list[list[int]], serve: Callable[..., Any]
) -> None:
    student, bodies = serve(kind)
    for stop in (None, STOP):
        expected, written = (
            own.sample(prompts, GREEDY, seed=0, stop=stop),
            student.sample(prompts, GREEDY, seed=0, stop=stop),
        )
        assert [(w.token_ids, w.finish_reason) for w in written] == [(e.token_ids, e.finish_reason) for e in expected]
        assert {w.is_exact for w in written} == {kind == "vllm"}
    assert any(one.text.endswith(STOP) for one in written)
    assert student.engine == f"server, {kind}"
    assert all(body["max_tokens"] == 40 and body["temperature"] == 0 and "n" not in body for body in bodies)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("vllm", {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}),
        ("sglang", {"top_k": -1, "repetition_penalty": 1.0}),
        ("llama.cpp", {"top_k": 0, "repeat_penalty": 1.0, "samplers": ["temperature", "top_p"]}),
    ],
)
def test_nothing_is_left_to_a_servers_own_taste(
    kind: str, told: dict[str, Any], prompts: list[list[int]], serve: Callable[..., Any]
) -> None:
    student, bodies = serve(kind)
    student.sample(prompts, DRAWN, seed=3)
    assert all(told.items() <= body.items() for body in bodies)
    assert len({body["seed"] for body in bodies}) == len(prompts)


def test_transformers_serve_is_made_to_draw(prompts: list[list[int]], serve: Callable[..., Any]) -> None:
    student, _ = serve("transformers")
    drawn = student.sample([prompts[0]] * 4, DRAWN, seed=3)
    assert len({one.text for one in drawn}) > 1
    assert student.sample([prompts[0]] * 4, DRAWN, seed=3) == drawn


def test_ollama_draws_in_its_own_way_and_is_refused(prompts: list[list[int]], serve: Callable[..., Any]) -> None:
    student, bodies = serve("ollama")
    with pytest.raises(StudentEngineError, match="top_k 0"):
        student.sample(prompts, DRAWN, seed=0)
    assert not bodies


def test_a_prompt_that_is_cut_in_silence_is_refused(prompts: list[list[int]], serve: Callable[..., Any]) -> None:
    student, _ = serve("ollama", context=8)
    with pytest.raises(StudentEngineError, match=r"the prompt has \d+ tokens, the server read 8\. .*num_ctx"):
        student.sample(prompts[:1], GREEDY, seed=0)


def test_a_prompt_that_is_too_long_is_told_as_the_server_says(
    prompts: list[list[int]], serve: Callable[..., Any]
) -> None:
    student, _ = serve("vllm", context=8)
    with pytest.raises(StudentEngineError, match=r"bad_request.*the context is 8 tokens.*max_new_tokens"):
        student.sample(prompts[:1], GREEDY, seed=0)


@pytest.mark.parametrize("kind", ["vllm", "transformers"])
def test_a_prefix_of_its_own_tokens_is_continued_exactly(
    kind: str, own: Student, prompts: list[list[int]], serve: Callable[..., Any]
) -> None:
    student, _ = serve(kind)
    whole = own.sample(prompts, GREEDY, seed=0)
    begun = [[*prompt, *one.token_ids[:7]] for prompt, one in zip(prompts, whole, strict=True)]
    shorter = GREEDY.model_copy(update={"max_new_tokens": 33})
    rest = student.sample(begun, shorter, seed=0)
    assert [one.token_ids for one in rest] == [one.token_ids[7:] for one in whole]


class Gluing:
    """A tokenizer in which `a` and `b` side by side are one token, 3."""

    bos_token = None

    def decode(self, ids: list[int], **more: Any) -> str:
        assert ids == [1, 2]
        return "ab"

    def __call__(self, text: str) -> dict[str, list[int]]:
        assert text == "ab"
        return {"input_ids": [3]}


def test_tokens_that_no_text_has_are_refused_where_only_text_is_taken(serve: Callable[..., Any]) -> None:
    student, bodies = serve("transformers")
    student.tokenizer = Gluing()
    with pytest.raises(StudentEngineError, match="no text has these very tokens, which end in 'ab'"):
        student.sample([[1, 2]], GREEDY, seed=0)
    assert not bodies


def test_a_running_server_cannot_have_a_trained_student(tmp_path: Path, serve: Callable[..., Any]) -> None:
    trained = copytree(resolve_model_path(MODEL), tmp_path / "model")
    student, bodies = serve("vllm", model=str(trained), served_model="base", named="base")
    with pytest.raises(ConfigError, match=r"trained in this run.*vllm, serve, '\{model\}'"):
        student.sample([[2, 3]], GREEDY, seed=0)
    assert not bodies


def test_a_server_with_another_model_is_refused(serve: Callable[..., Any]) -> None:
    student, _ = serve("vllm", named="somebody/else")
    with pytest.raises(ConfigError, match=r"has somebody/else, not .*served_model"):
        student.sample([[2, 3]], GREEDY, seed=0)


def test_a_server_that_is_not_there_is_named() -> None:
    with (
        closing(ServedStudent(MODEL, _config("http://127.0.0.1:9/v1"))) as student,
        pytest.raises(ConfigError, match=r"127\.0\.0\.1:9/v1 cannot be asked"),
    ):
        student.sample([[2, 3]], GREEDY, seed=0)


def test_a_server_that_the_recipe_starts_has_the_stages_student(own: Student, prompts: list[list[int]]) -> None:
    command = ["{python}", "-m", "supercorrect", "mock-student", "--model", "{model}", "--port", "{port}"]
    server = {"serve": command, "base_url": None}
    config = StudentConfig.model_validate({"model": MODEL, "engine": "openai", "server": server})
    with closing(open_student(MODEL, config)) as student:
        assert student.sample(prompts, GREEDY, seed=0) == own.sample(prompts, GREEDY, seed=0)


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b'{"choices": []}', "protocol_error", "expected one completion"),
        (b"<html>", "protocol_error", "<html>"),
        (b'{"choices": [{"text": "a"}, {"text": "b"}]}', "protocol_error", "expected one completion"),
        (b'{"choices": [{"text": ""}], "usage": {"prompt_tokens": 5}}', "prompt_truncated", "has 4 tokens"),
        (b'{"choices": [{"text": "", "finish_reason": "length"}]}', "ok", ""),
    ],
)
def test_what_a_reply_may_be(body: bytes, status: str, detail: str) -> None:
    asked = CompletionRequest((1, 2, 3, 4), 4, GREEDY, 0, None, {})
    reply = asked.read(body, "m")
    assert (reply.status, detail in reply.detail) == (status, True)
