"""What stands in a trained model's folder about how it is to be asked."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from small_runs import small_recipe
from supercorrect.errors import ConfigError, InputError
from supercorrect.models.weights import model_fingerprint
from supercorrect.pipeline import Pipeline
from supercorrect.progress import Reporter
from supercorrect.prompts import read_template
from supercorrect.student_profile import StudentProfile, common_correction, own_prompts, read_profile, write_profile
from supercorrect.training.rendering import user_message


def test_every_trained_student_has_the_prompts_it_was_trained_with(small_run: Path) -> None:
    recipe = small_recipe(small_run)
    for arm, solving in (("hsft", recipe.prompts.hierarchical), ("sft", recipe.prompts.plain)):
        profile = read_profile(str(small_run / "checkpoints" / arm / "model"))
        assert (profile.recipe, profile.arm, profile.max_new_tokens) == ("sandbox", arm, 200)
        assert read_template(profile.solving) == read_template(solving)
        assert (profile.correction is None) == (arm == "sft")
    reviewed = read_profile(str(small_run / "checkpoints" / "cross_dpo" / "model"))
    assert reviewed.correction and read_template(reviewed.correction) == read_template(recipe.prompts.correction)
    assert reviewed.review_max_new_tokens == 64


def test_a_profile_is_no_part_of_the_model(small_run: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(small_run / "checkpoints" / "hsft" / "model", model)
    before = model_fingerprint(str(model))
    write_profile(small_recipe(small_run, "evaluation.max_new_tokens=9"), "hsft", model)
    assert model_fingerprint(str(model)) == before
    assert read_profile(str(model)).max_new_tokens == 9
    plan = Pipeline(small_recipe(small_run), Reporter(quiet=True))
    assert set(plan.plan(plan.folder.read_manifest()).values()) == {"up to date"}


def test_other_models_are_asked_with_the_shipped_prompts(tmp_path: Path) -> None:
    assert read_profile(str(tmp_path)) == read_profile("owner/name") == StudentProfile()


def test_models_are_measured_with_their_own_prompts(tmp_path: Path) -> None:
    assert own_prompts(["owner/name", "gpt@https://host/v1"]) == ("hierarchical",)
    assert common_correction(["owner/name"]) == "correction"
    models = [tmp_path / name for name in ("one", "other")]
    for model in models:
        model.mkdir()
        write_profile(small_recipe(tmp_path), "hsft", model)
    assert own_prompts([*map(str, models)]) == tuple(f"{model}/supercorrect/solving.jinja" for model in models)
    assert common_correction([*map(str, models)]) == f"{models[0]}/supercorrect/correction.jinja"
    (models[1] / "supercorrect" / "correction.jinja").write_text("Look: {{ problem }}")
    with pytest.raises(ConfigError, match="--correction-prompt"):
        common_correction([*map(str, models)])


def test_a_damaged_profile_is_named(tmp_path: Path) -> None:
    (tmp_path / "supercorrect").mkdir()
    (tmp_path / "supercorrect" / "profile.json").write_text('{"schema_version": 2}')
    with pytest.raises(InputError, match="profile"):
        read_profile(str(tmp_path))


@pytest.mark.parametrize("template", ["{{ ''.__class__.__mro__ }}", "{{ cycler.__init__.__globals__ }}"])
def test_a_template_of_somebody_elses_model_can_do_nothing_but_text(tmp_path: Path, template: str) -> None:
    (tmp_path / "solving.jinja").write_text(template)
    with pytest.raises(ConfigError, match="cannot be filled"):
        user_message(str(tmp_path / "solving.jinja"), problem="1 + 1")
