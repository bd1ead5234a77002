"""The command that serves a student as other servers would: mock-student."""

from __future__ import annotations

from contextlib import closing
from enum import StrEnum
from typing import Annotated

import typer

from supercorrect.cli.application import app
from supercorrect.progress import Reporter


class Kind(StrEnum):
    """The server whose manners it has."""

    vllm = "vllm"
    sglang = "sglang"
    llama_cpp = "llama.cpp"
    ollama = "ollama"
    transformers = "transformers"
    other = "other"


@app.command("mock-student")
def mock_student(
    model: Annotated[str, typer.Option(help="The student: a folder, package:folder or hub id.")] = (
        "supercorrect.sandbox:base_student"
    ),
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8712,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    kind: Annotated[Kind, typer.Option(help="The server whose manners it has, traps included.")] = Kind.vllm,
    served_model: Annotated[str | None, typer.Option(help="The name to answer under; default: MODEL.")] = None,
    context_tokens: Annotated[int, typer.Option(help="The longest prompt.")] = 32_768,
) -> None:
    """Serve a student over /v1/completions as vLLM and others would, to try `student.engine: openai` without them."""
    from supercorrect.config import StudentConfig
    from supercorrect.models.engines import open_student
    from supercorrect.sandbox.server import serve_app
    from supercorrect.sandbox.student_server import create_student_app

    with closing(open_student(model, StudentConfig(model=model))) as student:
        Reporter().say(f"{model}, served as by {kind.value}, at http://{host}:{port}/v1; Ctrl-C stops it")
        name = served_model or model
        serve_app(create_student_app(student, model=name, kind=kind.value, context_tokens=context_tokens), host, port)
