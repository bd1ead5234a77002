"""Corrections for a team: every one of them, as it stands after what was decided in the viewer."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from small_runs import small_recipe
from supercorrect.decisions import append_decision
from supercorrect.errors import InputError
from supercorrect.export import export_argilla
from supercorrect.records import Correction, Decision
from supercorrect.run_folder import RunFolder


def test_every_correction_is_a_record_with_what_was_decided(small_run: Path, tmp_path: Path) -> None:
    folder = RunFolder(Path(shutil.copytree(small_run, tmp_path / "run")))
    corrections = folder.read("corrections/errors", Correction)
    edit = {"cause": "another", "correction": corrections[0].correction, "corrected_answer": "5"}
    who = {"errors": "errors", "reviewer": "ann", "decided_at": "2026-11-23T05:00:00+00:00"}
    append_decision(folder, Decision(correction_id=corrections[0].correction_id, action="edit", **edit, **who))
    assert export_argilla(small_recipe(folder.root), folder, tmp_path / "set") == len(corrections)
    rows = [json.loads(line) for line in (tmp_path / "set" / "argilla.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [c.correction_id for c in corrections]
    assert (rows[0]["cause"], rows[0]["decision"]) == ("another", "edit")
    assert (rows[1]["cause"], rows[1]["decision"]) == (corrections[1].cause, None)
    assert all(row["problem"] and row["solution"] and row["reference_solution"] for row in rows)


def test_a_run_without_corrections_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="until 'corrections'"):
        export_argilla(small_recipe(tmp_path), RunFolder(tmp_path), tmp_path / "set")
