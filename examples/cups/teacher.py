"""A teacher for the cup game that needs no model: it knows the rules, and answers the prompts that any teacher gets.

It stands in for a real one, so that the whole way can be gone without a key. With a real teacher this file falls away.
"""

from __future__ import annotations

import argparse

from cups import Game, read_game
from supercorrect.formats import render_steps, split_steps
from supercorrect.sandbox.server import MockOptions, create_app, serve_app
from supercorrect.sandbox.teacher import section

GENERALIZED = "Follow the ball and take one swap at a time"


def reply(messages: list[dict[str, str]]) -> str:
    """A thought about a problem, or a correction where the prompt holds a student's solution."""
    prompt = messages[0]["content"]
    game = read_game(section(prompt, "problem") or "")
    if game is None:
        return "I only know the cup game."
    solution = section(prompt, "student_solution")
    return write_thought(game) if solution is None else write_correction(game, solution)


def write_thought(game: Game) -> str:
    """The solution as a hierarchical thought: a `<Key>` where the ball moves."""
    moved = [before != after for before, after in zip(game.places, game.places[1:], strict=False)]
    steps = [key_step(step) if moves else step for step, moves in zip(game.steps, moved, strict=True)]
    return f"{render_steps(steps)}\n<Generalized> {GENERALIZED} </Generalized>\n<Answer> {game.answer} </Answer>"


def key_step(step: str) -> str:
    """A step with the remark that makes it hard to get wrong."""
    swap, _, place = step.partition(" so ")
    return f"{swap} <Key> the ball moves </Key> so {place}"


def write_correction(game: Game, solution: str) -> str:
    """The student's steps up to the first wrong one, its cause and its correction, and the right answer."""
    written = [span.text for span in split_steps(solution)]
    right = [words.split()[-1] for words in game.steps]
    first = next((i for i, text in enumerate(written) if text.split()[-1:] != right[i : i + 1]), len(written) - 1)
    correct = game.steps[min(first, len(game.steps) - 1)]
    faulted = f"{written[first]} <Cause> the ball is not there </Cause> <Correction> {correct} </Correction>"
    return f"{render_steps([*written[:first], faulted])}\n<Answer> {game.answer} </Answer>"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    serve_app(create_app(reply, MockOptions(model="cup-teacher")), "127.0.0.1", parser.parse_args().port)
