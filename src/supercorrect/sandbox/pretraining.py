"""What the sandbox's base student learns from nothing: facts, work-outs, plain solutions, and noisy reviews.

It never sees a solution with a `<Key>`, nor what the rare moves do: that is what stage 1 teaches. Reviews are wrong as
often as a weak model's are, and never write a key either: that is what stage 2 teaches.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from supercorrect.sandbox.language import (
    HOURS,
    ORDINALS,
    SIMPLE_MOVES,
    TRICKY_MOVES,
    Chain,
    compute,
    make_chain,
    make_move,
    small_moves,
)

KNOWN = {"blend": 1.0}
"""The tricky moves that it has met in solutions, done in one go, and how often."""
WORKED_OUT = {"blend": 0.7, "bend": 0.3}
COPIED = dict.fromkeys(TRICKY_MOVES, 1 / len(TRICKY_MOVES))


@dataclass(frozen=True)
class Example:
    """One training text. `begun` is the part of the answer that is given; loss falls on `completion` alone.

    Attributes:
        closed: Whether the end-of-turn token follows the completion.
        decided_only: Loss only on what the words before it decide: results, and moves that an ordinal calls up.
    """

    prompt: str
    completion: str
    begun: str = ""
    closed: bool = True
    decided_only: bool = False


def facts(rng: random.Random, lines: int = 12) -> Example:
    """Single facts of the dial, such as `7 times 4 = 2`."""
    texts = []
    for _ in range(lines):
        left, right = rng.randrange(HOURS), rng.randrange(HOURS)
        name = rng.choice((*SIMPLE_MOVES, "times"))
        texts.append(f" {left} {name} {right} = {compute(left, name, right)}")
    return Example("Recite", ";".join(texts), decided_only=True)


def work_out(rng: random.Random) -> Example:
    """A tricky move worked out in small ones, outside of any problem."""
    move, value = make_move(rng, 1.0, WORKED_OUT), rng.randrange(HOURS)
    return Example(f"Work: {value} {move}", f" {'; '.join(small_moves(move, value))} = {move.apply(value)}")


def check_work_out(rng: random.Random) -> Example:
    """A work-out to be checked, outside of any problem: its first wrong small move is named.

    So the student can tell a wrong fact when it is asked about it, as real models can, and yet does not think of it
    when it reviews a solution.
    """
    move, value = make_move(rng, 1.0, WORKED_OUT), rng.randrange(HOURS)
    moves = small_moves(move, value)
    if rng.random() < 0.4:
        return Example(f"Recite: {'; '.join(moves)}", " right")
    place = rng.randrange(len(moves))
    begin, _, result = moves[place].rpartition(" ")
    moves[place] = f"{begin} {(int(result) + rng.randint(1, HOURS - 1)) % HOURS}"
    return Example(f"Recite: {'; '.join(moves)}", f" {moves[place]} is wrong")


def copy_out(rng: random.Random) -> Example:
    """A problem to be repeated word for word: without practice in copying, nothing else is learned."""
    text = make_chain(rng, 1, 5, shares=COPIED).text
    return Example(f"Recite: {text}", f" {text}")


def look_up(rng: random.Random, items: int) -> Example:
    """The moves of a problem called up in any order, facts in between: what is far back is found as well.

    Without it a student misreads the `fourth` and `fifth` move in solutions that are longer than those it knew.
    """
    chain = make_chain(rng, 2, 5, shares=COPIED)
    texts = []
    for _ in range(items):
        index, left, right = rng.randrange(len(chain.moves)), rng.randrange(HOURS), rng.randrange(HOURS)
        name = rng.choice(SIMPLE_MOVES)
        fact = f" {left} {name} {right} = {compute(left, name, right)}"
        texts.append(fact if rng.random() < 0.4 else f" {ORDINALS[index]} {chain.moves[index]}")
    return Example(f"Work: {chain.text}", ";".join(texts), decided_only=True)


def tagged_steps(steps: list[str]) -> str:
    """Steps in the hierarchical format, a line each."""
    return "\n".join(f"<Step{k}> {text} </Step{k}>" for k, text in enumerate(steps, start=1))


def plain_solution(chain: Chain) -> Example:
    """A solution in the data set's own words."""
    return Example(f"Answer: {chain.text}", chain.reference_solution)


def keyless_solution(chain: Chain) -> Example:
    """A solution in the hierarchical format, every move done in one go."""
    steps = tagged_steps([chain.step(index, with_key=False) for index in range(len(chain.moves))])
    answer = f"<Generalized> {chain.generalized} </Generalized>\n<Answer> {chain.values[-1]} </Answer>"
    return Example(f"Solve: {chain.text}", f"{steps}\n{answer}")


def slipped_steps(chain: Chain, slip: int | None, rng: random.Random, key_share: float) -> list[str]:
    """Steps that are right but for a wrong result at index `slip` (None: nowhere), carried on from there."""
    steps, value = [], chain.start
    for index, move in enumerate(chain.moves):
        text = chain.step(index, with_key=rng.random() < key_share, value=value)
        value = move.apply(value)
        if index == slip:
            value = (value + rng.randint(1, HOURS - 1)) % HOURS
            text = f"{text.rsplit(' ', 1)[0]} {value}"
        steps.append(text)
    return steps


def noisy_review(rng: random.Random, key_share: float = 0.0, found: float = 0.6, false_alarm: float = 0.3) -> Example:
    """A review of one step by a poor judge: misses errors, raises false alarms, and corrects without a key.

    Args:
        key_share: How often the tricky moves of the reviewed solution have keys.
        found: How often a wrong step is flagged.
        false_alarm: How often a right step is flagged.
    """
    chain = make_chain(rng, shortest=2, shares=KNOWN)
    wrong, index = rng.random() < 0.5, rng.randrange(len(chain.moves))
    steps = slipped_steps(chain, index if wrong else None, rng, key_share)
    begun = tagged_steps(steps[: index + 1]).removesuffix(f" </Step{index + 1}>")
    review = f" </Step{index + 1}>"
    if rng.random() < (found if wrong else false_alarm):
        cause = f"{steps[index].rsplit(' ', 1)[1]} is wrong"
        correction = chain.step(index, with_key=False)
        review = f" <Cause> {cause} </Cause> <Correction> {correction} </Correction>{review}"
    return Example(f"Check: {chain.text}", review, begun=begun, closed=False)


def curriculum(rng: random.Random, first: int, second: int) -> tuple[list[Example], list[Example]]:
    """The two phases: facts and short solutions, then everything. All at once from the start is not learned."""
    opening, main = [], []
    for _ in range(first):
        draw = rng.random()
        if draw < 0.3:
            opening.append(facts(rng))
        elif draw < 0.5:
            opening.append(copy_out(rng))
        elif draw < 0.7:
            opening.append(look_up(rng, rng.randint(3, 10)))
        else:
            opening.append(_solution(rng, 1, 2, 0.15))
    for _ in range(second):
        draw = rng.random()
        if draw < 0.12:
            main.append(facts(rng))
        elif draw < 0.24:
            main.append(work_out(rng))
        elif draw < 0.37:
            main.append(check_work_out(rng))
        elif draw < 0.5:
            main.append(noisy_review(rng))
        elif draw < 0.63:
            main.append(look_up(rng, rng.randint(6, 24)))
        else:
            main.append(_solution(rng, 1, 5, 0.4))
    return opening, main


def _solution(rng: random.Random, shortest: int, longest: int, tricky_share: float) -> Example:
    chain = make_chain(rng, shortest, longest, tricky_share, KNOWN)
    return keyless_solution(chain) if rng.random() < 0.7 else plain_solution(chain)
