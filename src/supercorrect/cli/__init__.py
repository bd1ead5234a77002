"""The command line: parses, calls, prints. Data goes to stdout, everything else to stderr."""

from supercorrect.cli import (  # isort: skip  # commands stand in `--help` in this order
    init,
    doctor,
    runs,
    integrity,
    serving,
    scoring,
    tools,
    mock_student,
    localisation,
    schema,
)
from supercorrect.cli.application import app
from supercorrect.cli.entry import main

__all__ = [
    "app",
    "doctor",
    "init",
    "integrity",
    "localisation",
    "main",
    "mock_student",
    "runs",
    "schema",
    "scoring",
    "serving",
    "tools",
]
