"""Is every parser's time linear in the text, whatever the text?  `python benchmarks/parsing_speed.py [--json]`

For each parser the worst of many hostile texts is found at 0.25 MB, and then read at 1, 2, 4, 8 and 10 MB.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from time import process_time

from supercorrect.formats import parse_correction, parse_inspection, parse_step_review, parse_thought, split_steps
from supercorrect.grading.extraction import extract_answer, extract_reference
from supercorrect.models.reply import read_reply

PROBE = 250_000
SIZES = (1_000_000, 2_000_000, 4_000_000, 8_000_000, 10_000_000)
UNITS = (
    *("<", "< ", "<  /  step", "<step1  :", "&lt;", "&lt;  step ", "&amp;", "<Step1>", "<Key>", "</Step1>", "<Step1>a"),
    *("<Key>a</Key>", "<think>", "</think>", "```\n", "\n", " ", "a", "\ud83d", "\u202e", "Step 1:\n", "<Verdict>"),
    *("<Remarks>", "<answer>", "answer is ", "answer", "\\boxed{", "\\fbox ", "#### ", "$", "$$", "\\[", "1,", "1/"),
    *('{"a":', "[", '"', "\\"),
)
FRAMES = ("{}", "<Step1> a {}", "<Step1> <Key> {} </Key> </Step1> <Answer> 7 </Answer>", "<{}>", "answer {}")
PARSERS: dict[str, Callable[[str], object]] = {
    "thought": parse_thought,
    "correction": parse_correction,
    "step review": parse_step_review,
    "steps": split_steps,
    "inspection": parse_inspection,
    "answer": extract_answer,
    "reference": extract_reference,
    "teacher's reply": lambda text: read_reply(text.encode("utf-8", "replace"), "model", 5),
}


def hostile_texts(size: int) -> Iterator[tuple[str, str]]:
    """Each with what it is made of."""
    for frame in FRAMES:
        for unit in UNITS:
            yield f"{frame} of {unit!r}", frame.replace("{}", unit * (size // len(unit)))


def _text(wanted: str, size: int) -> str:
    return next(text for name, text in hostile_texts(size) if name == wanted)


def seconds_of(parse: Callable[[str], object], text: str) -> float:
    """Processor seconds of one reading."""
    began = process_time()
    parse(text)
    return process_time() - began


@dataclass(frozen=True)
class Measured:
    """The worst text for a parser, and the processor seconds that it takes at each size in MB."""

    worst: str
    seconds: dict[int, float]


def measure(parse: Callable[[str], object]) -> Measured:
    """The worst text, and the seconds that it takes at every size."""
    worst = max((seconds_of(parse, text), name) for name, text in hostile_texts(PROBE))[1]
    seconds = {size // 1_000_000: seconds_of(parse, _text(worst, size)) for size in SIZES}
    return Measured(worst, {size: round(taken, 3) for size, taken in seconds.items()})


def main() -> None:
    """Print a line a parser."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true")
    as_json = options.parse_args().json
    figures = {}
    for name, parse in PARSERS.items():
        figures[name] = figure = measure(parse)
        if not as_json:
            shown = "  ".join(f"{size} MB {seconds:.2f} s" for size, seconds in figure.seconds.items())
            print(f"{name:16} {shown}   worst: {figure.worst}")
    if as_json:
        print(json.dumps({name: asdict(figure) for name, figure in figures.items()}, indent=2))


if __name__ == "__main__":
    main()
