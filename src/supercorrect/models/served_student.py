"""The student, run by a server: the user's, or one that the recipe starts for the length of a stage."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack

from supercorrect.budget import Budget
from supercorrect.config import SamplingConfig, StudentConfig
from supercorrect.errors import ConfigError, StudentEngineError
from supercorrect.models.completion_request import CompletionRequest
from supercorrect.models.dialects import DIALECTS, Dialect
from supercorrect.models.endpoint import Access, public_url, read_access
from supercorrect.models.listing import Listing, ask_listing
from supercorrect.models.server import ServedEndpoint
from supercorrect.models.session import Session
from supercorrect.models.student import TokenCompletion, read_completion
from supercorrect.models.weights import end_token_ids, load_tokenizer, model_fingerprint, resolve_model_path
from supercorrect.run_folder import fingerprint_of, seed_of
from supercorrect.store import StoredResponse

ROLE = "student"
HOW_TO_SERVE = "let the recipe start it: student.server.serve: [vllm, serve, '{model}', --port, '{port}']"

_ADVICE = {
    "prompt_truncated": "Too few: give the server a longer context (vLLM --max-model-len, llama.cpp -c, Ollama "
    "num_ctx). Too many: it puts a template or a BOS token around the prompt, which has to be turned off. See to it",
    "bad_request": "If the prompt is too long for it, give the server a longer context or lower max_new_tokens",
}


class ServedStudent:
    """A student behind `/v1/completions`. The server is started, or looked at, by the first `sample`.

    Raises:
        ConfigError: The environment does not hold the server's key.
        InputError: The folder is no model.
    """

    def __init__(self, model: str, config: StudentConfig) -> None:
        assert config.server is not None  # the section sees to it
        revision = config.revision if model == config.model else None
        self.name = model
        self.fingerprint = fingerprint_of([model_fingerprint(model, revision), "openai"])
        self.batch_size = config.batch_size
        self.tokenizer = load_tokenizer(model, revision)
        self.commit = None
        self._end_ids = end_token_ids(model, revision, self.tokenizer)
        self._server = config.server
        self._is_base = model == config.model
        self._endpoint = config.server.endpoint(resolve_model_path(model))
        self._opened = ExitStack()
        self._connected: tuple[Access, Dialect] | None = None

    @property
    def engine(self) -> str:
        """The server's kind, once it is known."""
        return f"server, {self._connected[1].kind if self._connected else 'not asked yet'}"

    def sample(
        self, prompts: Sequence[Sequence[int]], sampling: SamplingConfig, *, seed: int, stop: str | None = None
    ) -> list[TokenCompletion]:
        """See `Student.sample`.

        Raises:
            ConfigError: The server has not this student.
            StudentEngineError: It did not continue the very prompts that it was given, or cannot draw as it is told.
            TeacherUnreachableError: It is not there.
            InterruptedRunError: SIGINT or SIGTERM came.
        """
        access, dialect = self._connect()
        if sampling.temperature > 0 and not dialect.draws_as_told:
            raise StudentEngineError(
                f"student: {dialect.kind} shapes what it draws by the model's own top_k and repeat_penalty, which its "
                "/v1 cannot be told. Sample with another engine; or, if you have made a model whose Modelfile sets "
                "`top_k 0` and `repeat_penalty 1`, say so with `kind: other` under student.server."
            )
        asked_to_stop = stop if dialect.keeps_stop else None
        requests = {
            str(i): CompletionRequest(
                tuple(prompt) if dialect.takes_token_ids else self._as_text(prompt),
                len(prompt),
                sampling,
                seed_of([seed, i]),
                asked_to_stop,
                dialect.extras(sampling, self._end_ids),
            )
            for i, prompt in enumerate(prompts)
        }
        responses: dict[str, StoredResponse] = {}
        session = Session(ROLE, self._endpoint, access, _Unkept(), Budget())
        asyncio.run(session.run(requests, lambda response: responses.update({response.key: response})))
        return [self._read(responses[key], stop) for key in requests]

    def close(self) -> None:
        """End the server, if it was started here."""
        self._opened.close()
        self._connected = None

    def _connect(self) -> tuple[Access, Dialect]:
        """Start the server where the recipe says how, and see what it is and which models it has."""
        if self._connected is None:
            self._endpoint = self._opened.enter_context(ServedEndpoint(ROLE, self._endpoint))
            access = read_access(ROLE, self._endpoint)
            listing = _look_at(access)
            dialect = DIALECTS[self._server.kind or listing.kind]
            self._require_this_student(access, listing, dialect)
            self._connected = access, dialect
        return self._connected

    def _require_this_student(self, access: Access, listing: Listing, dialect: Dialect) -> None:
        where = f"student: {public_url(access.base_url)} ({dialect.kind})"
        loads_it = dialect.loads_any_model and self._server.served_model is None
        is_started_with_it = any("{model}" in part for part in self._server.serve or ())
        if not (self._is_base or loads_it or is_started_with_it):
            raise ConfigError(
                f"{where} has the student that it was started with, and this stage needs {self.name}, which is trained "
                f"in this run. For trained students, {HOW_TO_SERVE}."
            )
        if listing.models and self._endpoint.model not in listing.models and not loads_it:
            raise ConfigError(
                f"{where} has {', '.join(listing.models)}, not {self._endpoint.model}. Name it as the server does in "
                f"student.server.served_model, or {HOW_TO_SERVE}."
            )

    def _as_text(self, prompt: Sequence[int]) -> str:
        """The text that has these very tokens, with the special ones that a server puts in front left to it."""
        text = self.tokenizer.decode(prompt, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        for candidate in (text, text.removeprefix(self.tokenizer.bos_token or "")):
            if self.tokenizer(candidate)["input_ids"] == list(prompt):
                return str(candidate)
        raise StudentEngineError(
            "student: the server takes prompts as text, and no text has these very tokens, which end in "
            f"{text[-60:]!r}: it would continue another prompt. Use a server that takes token ids (vLLM, SGLang, "
            "llama.cpp), or another engine."
        )

    def _read(self, response: StoredResponse, stop: str | None) -> TokenCompletion:
        if response.status != "ok":
            advice = _ADVICE.get(response.status, "See to what it says there")
            raise StudentEngineError(
                f"student: {public_url(self._endpoint.base_url or '')} did not complete a prompt ({response.status}): "
                f"{response.detail}. {advice}, then start the same command again."
            )
        is_exact = response.token_ids is not None
        ids = list(response.token_ids if response.token_ids is not None else self._ids_of(response.text))
        is_at_limit = not is_exact and response.output_tokens == len(ids) + 1  # the token that the text does not show
        has_ended = (response.finish_reason == "stop" or is_at_limit) and not (stop and stop in response.text)
        if has_ended and not set(ids[-1:]) & set(self._end_ids):
            ids.append(self._end_ids[0])
        return read_completion(self.tokenizer, ids, self._end_ids, stop, is_exact=is_exact)

    def _ids_of(self, text: str) -> list[int]:
        return [int(token) for token in self.tokenizer(text, add_special_tokens=False)["input_ids"]]


class _Unkept:
    """Keeps nothing: `sample_stored` keeps whole batches."""

    def append(self, responses: Sequence[StoredResponse]) -> None:
        """Nothing."""

    def sync(self) -> None:
        """Nothing."""

    def require_free_space(self) -> None:
        """Nothing."""


def _look_at(access: Access) -> Listing:
    try:
        return ask_listing(access)
    except OSError as error:
        raise ConfigError(
            f"student: {public_url(access.base_url)} cannot be asked for its models: {access.redacted(str(error))}. "
            f"See that the server runs and that base_url under student.server is right, or {HOW_TO_SERVE}."
        ) from error
