"""The oracle: a teacher that knows the sandbox's problems by heart and answers the same prompts as any other teacher.

It is plausible, not perfect: it writes a `<Key>` into a thought where a blend's constants *look* big, which is not what
is tricky for the student. Its corrections always write the key.
"""

from __future__ import annotations

import hashlib
import math
import re
from typing import Literal

from supercorrect.formats import render_steps, split_steps
from supercorrect.sandbox.language import BLEND, Chain, read_chain, small_moves

KeyPolicy = Literal["size", "always"]
REFUSAL = "I only teach sandbox problems, and I find none between <problem> and </problem>."
_SIZE_MIDDLE, _SIZE_WIDTH = 19.5, 1.5
_KEY = re.compile(r"<Key> ([^<]*) </Key>")


def answer(messages: list[dict[str, str]], key_policy: KeyPolicy = "size") -> str:
    """The oracle's reply to a conversation: to the last of its messages that asks anything, whatever is said since."""
    asked = [m["content"] for m in messages if section(m["content"], "problem") is not None]
    prompt = asked[-1] if asked else ""
    chain = read_chain(section(prompt, "problem") or "")
    if chain is None:
        return REFUSAL
    student_solution = section(prompt, "student_solution")
    if student_solution is None:
        return write_thought(chain, key_policy)
    return write_correction(chain, student_solution)


def section(prompt: str, name: str) -> str | None:
    """What stands between `<name>` and `</name>` in a prompt; None if it has no such section."""
    _, opened, rest = prompt.partition(f"<{name}>\n")
    inside, closed, _ = rest.partition(f"\n</{name}>")
    return inside.strip() if opened and closed else None


def wants_key(chain: Chain, index: int, key_policy: KeyPolicy) -> bool:
    """Whether the teacher finds this step worth a key when it demonstrates: the bigger a blend looks, the likelier.

    The draw depends on the problem and the step alone, so the same request always gets the same answer.
    """
    move = chain.moves[index]
    if not move.is_blend or key_policy == "always":
        return move.is_blend
    share = 1 / (1 + math.exp(-(sum(move.constants) - _SIZE_MIDDLE) / _SIZE_WIDTH))
    digest = hashlib.sha256(f"{chain.text}/{index}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < share


def write_thought(chain: Chain, key_policy: KeyPolicy) -> str:
    """A hierarchical thought: the demonstration of stage 1."""
    steps = [chain.step(i, with_key=wants_key(chain, i, key_policy)) for i in range(len(chain.moves))]
    tail = f"<Generalized> {chain.generalized} </Generalized>\n<Answer> {chain.values[-1]} </Answer>"
    return f"{render_steps(steps)}\n{tail}"


def write_correction(chain: Chain, student_solution: str) -> str:
    """A correction trace: the student's steps restated, cause and correction in each wrong one, the right answer."""
    texts = []
    for index, step in enumerate(split_steps(student_solution)):
        if index >= len(chain.moves):
            break
        if is_right(chain, index, step.text):
            texts.append(step.text)
            continue
        cause, right = find_cause(chain, index, step.text), chain.step(index, with_key=True)
        texts.append(f"{step.text} <Cause> {cause} </Cause> <Correction> {right} </Correction>")
    return f"{render_steps(texts)}\n<Answer> {chain.values[-1]} </Answer>"


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
    if key and move.is_blend:
        for written, right in zip(key.group(1).split("; "), small_moves(move, value), strict=False):
            if written != right:
                return f"{written} is wrong"
    elif move.is_blend:
        return f"{BLEND} without its parts"
    return f"{text.rsplit(' ', 1)[-1]} is wrong"
