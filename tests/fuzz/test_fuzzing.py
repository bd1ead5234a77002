"""No bytes make a reader raise anything but the error that it promises; cases that once did are kept in `corpus/`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from targets import TARGETS, pieces_of, read_corpus

HARNESS = Path(__file__).with_name("atheris_target.py")
CASES = int(os.environ.get("FUZZ_CASES", "100000"))
QUICK = settings(max_examples=60, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_is_survived(name: str) -> None:
    cases = read_corpus(name)
    for case in cases:
        TARGETS[name](case)
    assert len(cases) >= 3


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_made_of_the_corpus_is_survived(name: str) -> None:
    pieces = st.sampled_from(pieces_of(name)) | st.binary(max_size=3)

    @given(st.lists(pieces, max_size=60).map(b"".join) | st.binary(max_size=100))
    @QUICK
    def survive(case: bytes) -> None:
        TARGETS[name](case)

    survive()


@pytest.mark.slow
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris has no wheel for this Python")
@pytest.mark.parametrize("name", TARGETS)
def test_a_hundred_thousand_cases_are_survived(name: str, tmp_path: Path) -> None:
    """`FUZZ_CASES` of them; a case that is not survived is printed by its path, and belongs in the corpus."""
    for number, case in enumerate(read_corpus(name)):
        (tmp_path / f"seed-{number}").write_bytes(case)
    (tmp_path / "found").mkdir()
    options = [f"-runs={CASES}", "-max_len=4096", "-timeout=10", f"-artifact_prefix={tmp_path / 'found'}/"]
    command = [sys.executable, str(HARNESS), name, *options, str(tmp_path)]
    fuzzed = subprocess.run(command, capture_output=True, text=True, check=False)
    done = re.search(r"Done (\d+) runs", fuzzed.stderr)
    print(f"{name}: {done[0] if done else fuzzed.stderr[-3000:]}")
    assert fuzzed.returncode == 0 and done is not None, list((tmp_path / "found").iterdir())
