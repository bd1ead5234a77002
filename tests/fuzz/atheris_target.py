"""Coverage-guided fuzzing of one target, with what libFuzzer takes: `atheris_target.py recipe -runs=100000 FOLDER`."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["supercorrect"]):
    from targets import TARGETS

atheris.Setup([sys.argv[0], *sys.argv[2:]], TARGETS[sys.argv[1]])
atheris.Fuzz()
