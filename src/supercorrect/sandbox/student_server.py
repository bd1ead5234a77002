"""A student behind `/v1/completions`, with the manners of the server that it is told to be like: their traps included.

What it answers is written by a real student, so that a client can be held against the student itself.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from supercorrect.config import SamplingConfig
from supercorrect.config.student import ServerKind
from supercorrect.models.student import Student, TokenCompletion


@dataclass(frozen=True)
class Manners:
    """How one kind of server behaves.

    Attributes:
        owner: Whom it names as the owner of its models; None: it lists none.
        token_ids: Whether prompts may be token ids, and whether ids come back for `return_token_ids`.
        keeps_stop: The field that keeps a stop string in the text; `always`; or None: it is cut off.
        reads_n: Whether `n` samples come for one request.
        draws_if_told: Whether a temperature alone draws nothing.
        known_fields: All that it takes; None: anything.
        cuts_prompts: Whether a prompt that is too long loses its beginning without a word.
    """

    owner: str | None = None
    token_ids: tuple[bool, bool] = (False, False)
    keeps_stop: str | None = None
    reads_n: bool = False
    draws_if_told: bool = False
    known_fields: frozenset[str] | None = None
    cuts_prompts: bool = False


_OF_TRANSFORMERS = frozenset(
    {"generation_config", "max_tokens", "model", "n", "prompt", "seed", "stop", "temperature", "top_p"}
)
MANNERS: dict[ServerKind, Manners] = {
    "vllm": Manners("vllm", token_ids=(True, True), keeps_stop="include_stop_str_in_output", reads_n=True),
    "sglang": Manners("sglang", token_ids=(True, False), keeps_stop="no_stop_trim", reads_n=True),
    "llama.cpp": Manners("llamacpp", token_ids=(True, False)),
    "ollama": Manners("library", cuts_prompts=True),
    "transformers": Manners(keeps_stop="always", draws_if_told=True, known_fields=_OF_TRANSFORMERS),
    "other": Manners("unknown"),
}


@dataclass(frozen=True)
class Asked:
    """A prompt that waits for its turn."""

    ids: tuple[int, ...]
    sampling: SamplingConfig
    seed: int
    stop: str | None
    written: asyncio.Future[TokenCompletion]


class StudentDesk:
    """What stands behind the routes; greedy prompts that wait are sampled together.

    Args:
        model: The name that it answers under.
        context_tokens: The longest prompt.
    """

    def __init__(self, student: Student, model: str, kind: ServerKind, context_tokens: int) -> None:
        self.bodies: list[dict[str, Any]] = []
        self._student = student
        self._model = model
        self._manners = MANNERS[kind]
        self._context_tokens = context_tokens
        self._waiting: list[Asked] = []
        self._work: asyncio.Task[None] | None = None

    async def models(self, request: Request) -> Response:
        """GET /v1/models."""
        if self._manners.owner is None:
            return JSONResponse({"error": "no cache of models"}, 500)
        row = {"id": self._model, "object": "model", "owned_by": self._manners.owner}
        return JSONResponse({"object": "list", "data": [row]})

    async def routes(self, request: Request) -> Response:
        """GET /openapi.json."""
        return JSONResponse({"paths": {"/v1/completions": {}, **({} if self._manners.owner else {"/load_model": {}})}})

    async def complete(self, request: Request) -> Response:
        """POST /v1/completions."""
        body = cast(dict[str, Any], await request.json())
        self.bodies.append(body)
        manners = self._manners
        if manners.known_fields is not None and (unknown := set(body) - manners.known_fields):
            return JSONResponse({"detail": f"Unexpected fields in the request: {sorted(unknown)}"}, 422)
        prompt = body["prompt"]
        if not isinstance(prompt, str) and not manners.token_ids[0]:
            return JSONResponse({"detail": "prompt must be a string."}, 400)
        ids = tuple(self._student.tokenizer(prompt)["input_ids"] if isinstance(prompt, str) else prompt)
        if len(ids) > self._context_tokens:
            if not manners.cuts_prompts:
                return JSONResponse({"error": {"message": f"the context is {self._context_tokens} tokens"}}, 400)
            ids = ids[-self._context_tokens :]
        count = body.get("n", 1) if manners.reads_n else 1
        written = await asyncio.gather(*(self._sample(ids, body, body.get("seed", 0) + i) for i in range(count)))
        output_tokens = sum(len(one.token_ids) for one in written)
        return JSONResponse(
            {
                "id": "cmpl-mock",
                "object": "text_completion",
                "created": 0,
                "model": body["model"],
                "choices": [self._choice(i, one, body) for i, one in enumerate(written)],
                "usage": {
                    "prompt_tokens": len(ids),
                    "completion_tokens": output_tokens,
                    "total_tokens": len(ids) + output_tokens,
                },
            }
        )

    def _choice(self, index: int, written: TokenCompletion, body: dict[str, Any]) -> dict[str, Any]:
        text, keeps = written.text, self._manners.keeps_stop
        for stop in _stops(body):
            if keeps is None or (keeps != "always" and not body.get(keeps)):
                text = text.partition(stop)[0]
        choice = {"index": index, "text": text, "logprobs": None, "finish_reason": written.finish_reason}
        if self._manners.token_ids[1] and body.get("return_token_ids"):
            choice["token_ids"] = list(written.token_ids)
        return choice

    async def _sample(self, ids: tuple[int, ...], body: dict[str, Any], seed: int) -> TokenCompletion:
        told = json.loads(body.get("generation_config") or "{}")
        is_drawn = told.get("do_sample", not self._manners.draws_if_told)
        sampling = SamplingConfig(
            temperature=body.get("temperature", 1.0) if is_drawn else 0.0,
            top_p=body.get("top_p", 1.0),
            max_new_tokens=body.get("max_tokens", 16),
        )
        stop = next(iter(_stops(body)), None)
        asked = Asked(ids, sampling, seed, stop, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._work_off())
        return await asked.written

    async def _work_off(self) -> None:
        await asyncio.sleep(0)  # all that have come by now are waiting
        while self._waiting:
            together = self._next_batch()
            self._waiting = [asked for asked in self._waiting if asked not in together]
            first = together[0]
            prompts = [asked.ids for asked in together]
            sample = partial(self._student.sample, prompts, first.sampling, seed=first.seed, stop=first.stop)
            work = asyncio.ensure_future(asyncio.to_thread(sample))
            await asyncio.wait([work])
            for i, asked in enumerate(together):
                if (error := work.exception()) is not None:
                    asked.written.set_exception(error)
                else:
                    asked.written.set_result(work.result()[i])

    def _next_batch(self) -> Sequence[Asked]:
        """The first that waits, with all greedy ones like it: what is drawn hangs on its own seed, and goes alone."""
        first = self._waiting[0]
        if first.sampling.temperature > 0:
            return [first]
        return [asked for asked in self._waiting if (asked.sampling, asked.stop) == (first.sampling, first.stop)]


def create_student_app(
    student: Student, *, model: str, kind: ServerKind = "vllm", context_tokens: int = 32_768
) -> Starlette:
    """The server as an ASGI app; `app.state.bodies` is a list of all requests' bodies, which grows."""
    desk = StudentDesk(student, model, kind, context_tokens)
    app = Starlette(
        routes=[
            Route("/v1/completions", desk.complete, methods=["POST"]),
            Route("/v1/models", desk.models),
            Route("/openapi.json", desk.routes),
        ]
    )
    app.state.bodies = desk.bodies
    return app


def _stops(body: dict[str, Any]) -> list[str]:
    stop = body.get("stop") or []
    return [stop] if isinstance(stop, str) else list(stop)
