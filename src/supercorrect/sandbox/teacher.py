"""The oracle: a teacher that knows the sandbox's problems by heart and answers the same prompts as any other teacher.

It is plausible, not perfect: it writes a `<Key>` into a thought where a tricky move's constants *look* big, which is
not what is tricky for the student. Its corrections always write the key.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from supercorrect.formats import render_steps, split_steps
from supercorrect.sandbox.language import HOURS, Chain, read_chain, small_moves
from supercorrect.sandbox.mistakes import Mistakes

KeyPolicy = Literal["size", "always"]
REFUSAL = "I only teach sandbox problems, and I find none between <problem> and </problem>."
_SIZE_MIDDLE, _SIZE_WIDTH = 5.75, 0.5
FLAWLESS = Mistakes()
_FIRST_SECTION = re.compile(r"^<problem((?: [0-9a-f]+)?)>$", re.MULTILINE)
_KEY = re.compile(r"<Key> ([^<]*) </Key>")


def answer(messages: list[dict[str, str]], key_policy: KeyPolicy = "size", mistakes: Mistakes = FLAWLESS) -> str:
    """The oracle's reply to a conversation: to the last of its messages that asks anything, whatever is said since.

    Args:
        messages: The conversation; told that its work was not accepted, it draws its mistakes anew.
        key_policy: When a demonstration has a key.
        mistakes: What it does wrong on purpose, and how often.
    """
    asked = [m["content"] for m in messages if section(m["content"], "problem") is not None]
    prompt = asked[-1] if asked else ""
    chain = read_chain(section(prompt, "problem") or "")
    if chain is None:
        return REFUSAL
    draw = _Draw(mistakes, f"{prompt}/{len(messages)}")
    student_solution = section(prompt, "student_solution")
    if student_solution is None:
        return write_thought(chain, key_policy, draw)
    return write_correction(chain, student_solution, draw)


@dataclass(frozen=True)
class _Draw:
    """Whether the oracle makes a mistake in one reply."""

    mistakes: Mistakes
    reply: str

    def __call__(self, mistake: str, place: int = 0) -> bool:
        return self.mistakes.makes(mistake, f"{self.reply}/{place}")

    def pick(self, count: int) -> int:
        """One of `count` places, the same for the same reply."""
        return hashlib.sha256(self.reply.encode()).digest()[0] % count


def section(prompt: str, name: str) -> str | None:
    """What stands between `<name>` and `</name>` in a prompt; None if it has no such section.

    All sections carry the mark of the first one, the problem's, where that has one.
    """
    first = _FIRST_SECTION.search(prompt)
    mark = first[1] if first else ""
    _, opened, rest = prompt.partition(f"<{name}{mark}>\n")
    inside, closed, _ = rest.partition(f"\n</{name}{mark}>")
    return inside.strip() if opened and closed else None


def wants_key(chain: Chain, index: int, key_policy: KeyPolicy) -> bool:
    """Whether the teacher finds this step worth a key when it demonstrates: the bigger a move looks, the likelier.

    The draw depends on the problem and the step alone, so the same request always gets the same answer.
    """
    move = chain.moves[index]
    if not move.is_tricky or key_policy == "always":
        return move.is_tricky
    size = sum(move.constants) / len(move.constants)
    share = 1 / (1 + math.exp(-(size - _SIZE_MIDDLE) / _SIZE_WIDTH))
    digest = hashlib.sha256(f"{chain.text}/{index}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < share


def write_thought(chain: Chain, key_policy: KeyPolicy, draw: _Draw) -> str:
    """A hierarchical thought: the demonstration of stage 1."""
    steps = []
    for index in range(len(chain.moves)):
        with_key = wants_key(chain, index, key_policy) and not draw("omitted_key", index)
        steps.append(chain.step(index, with_key=with_key))
    if draw("wrong_thought"):
        place = draw.pick(len(steps))
        steps[place] = _end_wrongly(steps[place])
    tail = f"<Generalized> {chain.generalized} </Generalized>\n<Answer> {chain.values[-1]} </Answer>"
    return f"{render_steps(steps)}\n{tail}"


def write_correction(chain: Chain, student_solution: str, draw: _Draw) -> str:
    """A correction trace: the student's steps restated, cause and correction in each wrong one, the right answer."""
    steps = [step.text for step in split_steps(student_solution)][: len(chain.moves)]
    wrong = [index for index, text in enumerate(steps) if not is_right(chain, index, text)]
    if draw("missed_error"):
        wrong = []
    elif wrong and len(steps) > 1 and draw("misplaced_error"):
        elsewhere = [index for index in range(len(steps)) if index != wrong[0]]
        wrong = [elsewhere[draw.pick(len(elsewhere))]]
    texts = []
    for index, text in enumerate(steps):
        if index in wrong:
            right = chain.step(index, with_key=not draw("omitted_key", index))
            right = _end_wrongly(right) if index == wrong[0] and draw("wrong_correction") else right
            cause = find_cause(chain, index, text)
            text = f"{text} <Cause> {cause} </Cause> <Correction> {right} </Correction>"
        texts.append(text)
    return f"{render_steps(texts)}\n<Answer> {chain.values[-1]} </Answer>"


def find_first_error(chain: Chain, steps: Sequence[str]) -> int | None:
    """The first step (1-based) that is wrong or missing; None: the chain is solved to the letter."""
    for index in range(len(chain.moves)):
        if index >= len(steps) or not is_right(chain, index, steps[index]):
            return index + 1
    return None


def _end_wrongly(step: str) -> str:
    """A step whose result is one hour off."""
    begin, _, result = step.rpartition(" ")
    return f"{begin} {(int(result) + 1) % HOURS}"


def is_right(chain: Chain, index: int, text: str) -> bool:
    """Whether a step is right to the letter, with or without its key."""
    return text in (chain.step(index, with_key=True), chain.step(index, with_key=False))


def find_cause(chain: Chain, index: int, text: str) -> str:
    """Why a wrong step is wrong: it began wrongly, slipped within its key, had no key, or ended wrongly."""
    move, value = chain.moves[index], chain.values[index]
    head = chain.step_head(index, value)
    if not text.startswith(f"{head} "):
        return f"should be {head}"
    key = _KEY.search(text)
    if key and move.is_tricky:
        for written, right in zip(key.group(1).split("; "), small_moves(move, value), strict=False):
            if written != right:
                return f"{written} is wrong"
    elif move.is_tricky:
        return f"{move.name} without its parts"
    return f"{text.rsplit(' ', 1)[-1]} is wrong"
