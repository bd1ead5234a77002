"""The command that writes a first recipe: init."""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from supercorrect.cli.application import app
from supercorrect.errors import ConfigError
from supercorrect.progress import Reporter

_SANDBOX = "sandbox"
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class Hardware(StrEnum):
    """What students are trained and run on."""

    cpu = "cpu"
    gpu_24gb = "gpu-24gb"
    gpu_80gb = "gpu-80gb"
    eight_gpus = "8-gpus"


@app.command("init")
def write_first_recipe(
    path: Annotated[Path, typer.Argument(help="The recipe to write.")] = Path("recipe.yaml"),
    student: Annotated[str | None, typer.Option(help="sandbox, a model's folder, or a hub id.")] = None,
    teacher: Annotated[str | None, typer.Option(help="sandbox, a model of OpenAI's, or name@https://host/v1.")] = None,
    problems: Annotated[str | None, typer.Option(help="sandbox, a file, or two: train.jsonl,held_out.jsonl.")] = None,
    hardware: Annotated[Hardware | None, typer.Option(help="What students are trained and run on.")] = None,
    max_cost_usd: Annotated[float | None, typer.Option(min=0.01, help="What the teacher may cost.")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: the sandbox, where no option says else.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a recipe: of the sandbox, or of your student, teacher and problems. Asks what no option says."""
    from supercorrect.first_recipe import Answers, compose_recipe
    from supercorrect.store import write_text_atomic

    if path.exists() and not force:
        raise ConfigError(f"{path} is there already; name another file, or write over it with --force")
    asks = not yes and sys.stdin.isatty()
    student = student or _ask(asks, "Student: sandbox, a model's folder, or a hub id", _SANDBOX)
    teacher = teacher or _ask(asks, "Teacher: sandbox, a model of OpenAI's, or name@https://host/v1", _SANDBOX)
    problems = problems or _ask(asks, "Problems: sandbox, a file, or train.jsonl,held_out.jsonl", _SANDBOX)
    hardware = hardware or _ask_hardware(asks)
    if max_cost_usd is None and asks and teacher != _SANDBOX:
        max_cost_usd = typer.prompt("Dollars that the teacher may cost; 0: no limit", default=0.0, err=True) or None
    answers = Answers(student, teacher, problems, hardware.value, max_cost_usd)
    name = _NAME.sub("-", path.stem).strip(".-_") or "recipe"
    write_text_atomic(path, compose_recipe(name, answers))
    say = Reporter().say
    say(f"written: {path}. Next:")
    say(f"  supercorrect doctor {path}                  # can this machine run it?")
    say(f"  supercorrect estimate {path}                # what will the teacher cost?")
    say(f"  supercorrect run {path} --until thoughts    # look before you go on")
    say(f"  supercorrect run {path}")


def _ask(asks: bool, question: str, default: str) -> str:
    return str(typer.prompt(question, default=default, err=True)) if asks else default


def _ask_hardware(asks: bool) -> Hardware:
    question = f"Students run on: {', '.join(Hardware)}"
    return (
        Hardware(typer.prompt(question, default=Hardware.cpu.value, type=Hardware, err=True)) if asks else Hardware.cpu
    )
