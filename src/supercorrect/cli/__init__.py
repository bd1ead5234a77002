"""The command line: parses, calls, prints. Data goes to stdout, everything else to stderr."""

from supercorrect.cli import runs, integrity, serving, scoring, tools, localisation  # isort: skip  # commands stand in `--help` in this order
from supercorrect.cli.application import app
from supercorrect.cli.entry import main

__all__ = ["app", "integrity", "localisation", "main", "runs", "scoring", "serving", "tools"]
