"""What people decided is kept, honoured by the pair stage, and redoes what depends on it and nothing else."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from small_runs import small_recipe
from supercorrect.arms import PreferenceArm
from supercorrect.config.grading import GradingConfig
from supercorrect.context import StageContext
from supercorrect.decisions import Decisions, append_decision, decided_settings, read_decisions
from supercorrect.errors import InputError
from supercorrect.manifest import StageCounts
from supercorrect.pipeline import Pipeline
from supercorrect.progress import Reporter
from supercorrect.records import Correction, Decision, DecisionAction, Pair, Rejection
from supercorrect.run_folder import RunFolder
from supercorrect.stages import pairs
from supercorrect.store import read_records


def decide(correction_id: str, action: DecisionAction, **edited: str) -> Decision:
    who = {"reviewer": "ann", "decided_at": "2026-11-23T05:00:00+00:00"}
    return Decision(correction_id=correction_id, errors="errors", action=action, **edited, **who)


def test_the_last_decision_holds_and_half_a_line_is_none(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    append_decision(folder, decide("correction-a", "reject"))
    append_decision(folder, decide("correction-b", "accept"))
    append_decision(folder, decide("correction-a", "accept"))
    with folder.decisions.open("a", encoding="utf-8") as file:
        file.write('{"schema_version":1,"correction_id":"correction-b"')  # killed while it wrote
    assert {d.correction_id: d.action for d in read_decisions(folder).values()} == {
        "correction-a": "accept",
        "correction-b": "accept",
    }
    append_decision(folder, decide("correction-b", "reject"))
    assert read_decisions(folder)["correction-b"].action == "reject"
    assert len(folder.decisions.read_text().splitlines()) == 4


def test_a_line_that_is_no_decision_is_named(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.decisions.write_text("{}\n")
    with pytest.raises(InputError, match=r"decisions\.jsonl:1: expected a decision"):
        read_decisions(folder)


def test_who_and_when_and_accepting_change_no_outcome(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)

    def settings(errors: str = "errors", **grading: Any) -> dict[str, Any]:
        return decided_settings(read_decisions(folder), errors, GradingConfig(**grading))

    assert settings() == {}
    append_decision(folder, decide("correction-a", "accept"))
    assert settings() == {}
    append_decision(folder, decide("correction-a", "reject"))
    once = settings()
    append_decision(folder, decide("correction-a", "reject").model_copy(update={"reviewer": "bob"}))
    assert once == settings() == settings(timeout_seconds=9) != {}
    assert settings("errors_r2") == {}
    append_decision(folder, decide("correction-b", "edit", cause="c", correction="d", corrected_answer="5"))
    assert settings() != settings(timeout_seconds=9)  # an edit is graded, a reject is not
    assert settings() == settings(workers=3)


def test_a_reject_that_is_taken_back_while_the_run_goes_on_is_seen_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.root.mkdir()
    seen: list[str] = []

    def note(context: StageContext, arm: PreferenceArm, decisions: Decisions) -> tuple[StageCounts, list[Path]]:
        append_decision(folder, decide("correction-a", "accept"))  # as a person would, before the stage reads any
        seen.extend(decision.action for decision in decisions.values())
        return StageCounts(), []

    monkeypatch.setattr(pairs, "run", note)
    append_decision(folder, decide("correction-a", "reject"))

    def open_pairs_alone() -> Pipeline:
        pipeline = Pipeline(small_recipe(folder.root), Reporter(quiet=True))
        pipeline.stages = [replace(stage, needs=()) for stage in pipeline.stages if stage.name == "pairs"]
        return pipeline

    manifest = open_pairs_alone().run(until="pairs")
    assert seen == ["reject"]
    assert open_pairs_alone().plan(manifest) == {"pairs": "changed"}


def test_the_pair_stage_honours_decisions_and_redoes_what_follows(small_run: Path, tmp_path: Path) -> None:
    folder = RunFolder(Path(shutil.copytree(small_run, tmp_path / "run")))
    before = folder.read("pairs/train", Pair)
    corrections = {c.correction_id: c for c in folder.read("corrections/errors", Correction)}
    paired = list(dict.fromkeys(p.correction_id for p in before if p.layout == "continuation"))
    rejected, edited, spoilt = (corrections[correction_id] for correction_id in paired[:3])
    words = {"cause": "without its parts", "correction": f"{edited.correction} plus 1"}  # words that the student knows
    append_decision(folder, decide(rejected.correction_id, "reject"))
    append_decision(folder, decide(edited.correction_id, "edit", corrected_answer=edited.corrected_answer, **words))
    wrong = {"cause": "c", "correction": "1 = 2", "corrected_answer": "9999"}
    append_decision(folder, decide(spoilt.correction_id, "edit", **wrong))

    pipeline = Pipeline(small_recipe(folder.root), Reporter(quiet=True))
    plan = pipeline.plan(folder.read_manifest())
    changed = {name for name, state in plan.items() if state != "up to date"}
    evaluated = {"evaluation_cross_dpo", "evaluation_hsft_continued"}
    assert changed == {"pairs", "cross_dpo", "hsft_continued"} | evaluated
    pipeline.run(until="pairs")

    after = folder.read("pairs/train", Pair)
    assert not [p for p in after if p.correction_id in (rejected.correction_id, spoilt.correction_id)]
    remade = [p for p in after if p.correction_id == edited.correction_id and p.layout == "continuation"]
    assert [words["correction"] in pair.chosen for pair in remade] == [True]
    untouched = {rejected.correction_id, edited.correction_id, spoilt.correction_id}
    assert [p for p in after if p.correction_id not in untouched] == [
        p for p in before if p.correction_id not in untouched
    ]
    reasons = {r.reason for r in read_records(folder.rejects("pairs"), Rejection)}
    assert {"review_rejected", "review_answer_incorrect"} <= reasons
    entry = folder.read_manifest().stages["pairs"]
    assert entry.inputs == entry.kept + sum(entry.rejected.values())
    assert folder.read("corrections/errors", Correction) == list(corrections.values())
