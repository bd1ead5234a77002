"""Students without a model: an engine whose tokens are characters, and one that answers requests from a script."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from supercorrect.config import SamplingConfig
from supercorrect.models.student import TokenCompletion
from supercorrect.reviewing import Finding
from supercorrect.serving.batching import CancelledWorkError
from supercorrect.serving.solving import Asked, Attempt, OnText
from supercorrect.student_profile import StudentProfile

END = 0
RIGHT = "<Step1> 2 + 2 = 4 </Step1>\n<Generalized> add </Generalized>\n<Answer> 4 </Answer>"
WRONG = "<Step1> 2 + 2 = 5 </Step1>\n<Answer> 5 </Answer>"


class CharacterTokenizer:
    """A token is a character's code; 0 ends the turn."""

    chat_template = "yes"

    def decode(self, ids: Sequence[int], skip_special_tokens: bool = True) -> str:
        return "".join(chr(token) for token in ids if token != END)


@dataclass
class CharacterStudent:
    """Writes, behind a prompt, the text that a script has for it; what is drawn ends with the seed.

    Attributes:
        batches: The prompts of each call.
        gate: Each call waits for it.
    """

    script: Callable[[str], str]
    batch_size: int = 8
    name: str = "characters"
    fingerprint: str = "characters"
    engine: str = "characters"
    commit: str | None = None
    tokenizer: CharacterTokenizer = field(default_factory=CharacterTokenizer)
    batches: list[list[str]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def sample(
        self, prompts: Sequence[Sequence[int]], sampling: SamplingConfig, *, seed: int, stop: str | None = None
    ) -> list[TokenCompletion]:
        self.gate.wait()
        self.batches.append([self.tokenizer.decode(prompt) for prompt in prompts])
        return [self._complete(self.tokenizer.decode(p), sampling, seed) for p in prompts]

    def close(self) -> None:
        pass

    def _complete(self, begun: str, sampling: SamplingConfig, seed: int) -> TokenCompletion:
        problem, _, written = begun.partition("\n")
        text = self.script(problem)
        if sampling.temperature > 0:
            text += f" {len(self.batches[-1])} {seed}"
        ids = [*map(ord, text[len(written) :]), END][: sampling.max_new_tokens]
        finished = ids[-1:] == [END]
        return TokenCompletion(tuple(ids), self.tokenizer.decode(ids), "stop" if finished else "length")


def prompt_of(problem: str) -> list[int]:
    return [*map(ord, problem), ord("\n")]


@dataclass
class ScriptedStudent:
    """Answers requests with the texts of a script, one after another, and finds what it is told to find.

    Attributes:
        gate: Each solution waits for it, unless its request is cancelled.
        begun: How many solutions have been asked for.
    """

    texts: Sequence[str] = (RIGHT,)
    finding: Finding | None = None
    profile: StudentProfile = field(default_factory=StudentProfile)
    fingerprint: str = "scripted"
    failure: Exception | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    begun: int = 0
    cancelled: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    def writer(self, cancelled: threading.Event | None = None) -> ScriptedWriter:
        return ScriptedWriter(self, cancelled or threading.Event())


@dataclass
class ScriptedWriter:
    student: ScriptedStudent
    cancelled: threading.Event

    def write(self, asked: Asked, on_text: OnText | None) -> list[Attempt]:
        self.student.begun += 1
        while not self.student.gate.wait(0.01):
            if self.cancelled.is_set():
                self.student.cancelled += 1
                raise CancelledWorkError
        if self.student.failure is not None:
            raise self.student.failure
        texts = [self.student.texts[i % len(self.student.texts)] for i in range(asked.samples)]
        if on_text is not None:
            on_text(0, texts[0][: len(texts[0]) // 2])
        return [Attempt(text, "stop", tuple(map(ord, text))) for text in texts]

    def mend(self, asked: Asked, attempts: Sequence[Attempt]) -> list[Attempt]:
        found = self.student.finding
        return [Attempt(RIGHT, "stop", None, found, a.completion) if found else a for a in attempts]

    def usage(self) -> tuple[int | None, int | None]:
        return 5, 7
