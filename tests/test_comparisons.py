"""Every layout, every baseline and a second round, from one recipe, on a small scale."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from small_runs import small_recipe
from supercorrect.arms import arm_names
from supercorrect.formats import parse_thought
from supercorrect.models.weights import load_tokenizer
from supercorrect.pipeline import Pipeline
from supercorrect.progress import Reporter
from supercorrect.records import Correction, Pair, Problem, Solution
from supercorrect.run_folder import RunFolder
from supercorrect.training.rendering import chat_prompt_ids, end_of_turn_id, user_message

COMPARISONS = "comparisons={step_dpo: {}, dpo: {}, correction_sft: {}, inline_only: {layouts: [inline]}}"
EVALUATED = "evaluation.arms=[hsft_headings, hsft, hsft_continued, cross_dpo_r2, correction_sft]"
HIERARCHICAL = "supercorrect.sandbox:prompts/hierarchical.jinja"


@pytest.fixture(scope="module")
def folder(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The small run, gone on with two rounds and all comparisons; arms that the tests do not read are not evaluated."""
    root = Path(shutil.copytree(small_run, tmp_path_factory.mktemp("comparisons") / "run"))
    recipe = small_recipe(root, COMPARISONS, "rounds=2", "styles=[headings]", EVALUATED)
    Pipeline(recipe, Reporter(quiet=True)).run()
    return RunFolder(root)


def test_a_comparison_without_a_pair_stays_as_it_was(small_run: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(small_run, tmp_path / "run"))
    nothing = ("comparisons={mine: {layouts: [right_step]}}", "pairs.right_step_share=0")
    fewer = ("pairs.layouts=[continuation]", "evaluation.localise=false", "evaluation.arms=[hsft, mine]")
    Pipeline(small_recipe(root, *nothing, *fewer), Reporter(quiet=True)).run()
    folder = RunFolder(root)
    assert folder.read("pairs/mine", Pair) == []
    assert folder.training_steps("mine") == 0
    weights = [(folder.model(arm) / "model.safetensors").read_bytes() for arm in ("hsft", "mine")]
    assert weights[0] == weights[1]
    arms = json.loads((root / "metrics.json").read_text())["arms"]
    assert arms["mine"]["accuracy"] == arms["hsft"]["accuracy"]
    assert arms["mine"]["localisation"] is None


def test_only_what_is_new_runs(folder: RunFolder, small_run: Path) -> None:
    before, after = RunFolder(small_run).read_manifest().stages, folder.read_manifest().stages
    assert [name for name in before if name in after and before[name] != after[name]] == [
        "hsft_continued",
        "evaluation_hsft_continued",
    ]
    new = {"pairs_step_dpo", "step_dpo", "pairs_dpo", "dpo", "correction_sft", "pairs_inline_only", "inline_only"}
    assert new | {"hsft_headings", "solutions_r2", "corrections_r2", "pairs_r2", "cross_dpo_r2"} <= set(after)


def test_the_control_takes_the_steps_of_all_rounds(folder: RunFolder) -> None:
    rounds = [folder.training_steps(name) for name in ("cross_dpo", "cross_dpo_r2")]
    assert folder.training_steps("hsft_continued") == sum(rounds) == 8
    assert folder.training_steps("correction_sft") == rounds[0]


def test_the_second_round_learns_from_the_first_rounds_student(folder: RunFolder) -> None:
    solutions = folder.read("solutions/errors_r2", Solution)
    assert {s.student for s in solutions} == {"cross_dpo"}
    ids = {s.solution_id for s in solutions}
    assert {p.solution_id for p in folder.read("pairs/cross_dpo_r2", Pair)} <= ids


def test_step_dpo_has_the_continuations_alone(folder: RunFolder) -> None:
    expected = [p for p in folder.read("pairs/train", Pair) if p.layout == "continuation"]
    assert folder.read("pairs/step_dpo", Pair) == expected


def test_inline_pairs_go_on_from_the_students_own_wrong_step(folder: RunFolder) -> None:
    tokenizer = load_tokenizer(str(folder.model("hsft")))
    problems = {p.problem_id: p.problem for p in folder.read("problems/errors", Problem)}
    solutions = {s.solution_id: s for s in folder.read("solutions/errors", Solution)}
    pairs = folder.read("pairs/inline_only", Pair)
    for pair in pairs:
        prompt = tuple(chat_prompt_ids(tokenizer, user_message(HIERARCHICAL, problem=problems[pair.problem_id])))
        sampled = prompt + solutions[pair.solution_id].completion_token_ids
        assert sampled[: len(pair.prompt_ids) + len(pair.rejected_ids)] == pair.prompt_ids + pair.rejected_ids
        assert f"<Step{pair.step}>" in pair.prompt
        assert f"</Step{pair.step}>" not in pair.prompt
        assert pair.chosen.startswith(" <Cause>")
        assert pair.rejected.startswith(f" </Step{pair.step}>")
    assert len(pairs) > 5


def test_whole_solutions_are_right_against_wrong_and_both_end_the_turn(folder: RunFolder) -> None:
    tokenizer = load_tokenizer(str(folder.model("hsft")))
    corrections = {c.correction_id: c for c in folder.read("corrections/errors", Correction)}
    pairs = folder.read("pairs/dpo", Pair)
    for pair in pairs:
        assert pair.chosen_ids[-1] == pair.rejected_ids[-1] == end_of_turn_id(tokenizer)
        chosen, rejected = parse_thought(pair.chosen).record, parse_thought(pair.rejected).record
        correction = corrections[pair.correction_id]
        assert chosen is not None
        assert chosen.answer == correction.corrected_answer
        assert chosen.steps[pair.step - 1].text == correction.correction
        if rejected is not None:
            assert chosen.steps[: pair.step - 1] == rejected.steps[: pair.step - 1]
    assert pairs


def test_the_report_has_the_arms_that_were_asked_for(folder: RunFolder) -> None:
    arms = json.loads((folder.root / "metrics.json").read_text())["arms"]
    assert list(arms) == ["hsft_headings", "hsft", "hsft_continued", "cross_dpo_r2", "correction_sft"]
    assert arms["hsft_headings"]["self_correction"] is arms["hsft_headings"]["localisation"] is None
    every = arm_names(small_recipe(folder.root, COMPARISONS, "rounds=2"))
    assert every[-3:] == ("inline_only", "cross_dpo", "cross_dpo_r2")


def test_other_students_errors_are_learned_from_too(small_run: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(small_run, tmp_path / "run"))
    peer = f"solutions.peers={{peer: {small_run / 'checkpoints' / 'cross_dpo' / 'model'}}}"
    Pipeline(small_recipe(root, peer), Reporter(quiet=True)).run(until="pairs")
    solutions = {s.solution_id: s for s in RunFolder(root).read("solutions/errors", Solution)}
    assert len(solutions) == 48
    pairs = RunFolder(root).read("pairs/train", Pair)
    assert {solutions[pair.solution_id].student for pair in pairs} == {"hsft", "peer"}
    before = [p for p in RunFolder(small_run).read("pairs/train", Pair) if p.layout == "continuation"]
    assert {pair.pair_id for pair in before} <= {pair.pair_id for pair in pairs}


def test_a_later_round_trains_on_the_pairs_of_all_rounds(folder: RunFolder) -> None:
    pairs = len(folder.read("pairs/train", Pair)) + len(folder.read("pairs/cross_dpo_r2", Pair))
    assert folder.read_manifest().stages["cross_dpo_r2"].inputs == pairs
