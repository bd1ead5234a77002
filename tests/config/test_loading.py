"""The recipe: what is wrong in it is said, with the place and the nearest right thing."""

from __future__ import annotations

from pathlib import Path

import pytest

from small_runs import SANDBOX
from supercorrect.config import SupervisedConfig, load_recipe
from supercorrect.errors import ConfigError


def test_overrides_are_read_as_yaml() -> None:
    recipe = load_recipe(SANDBOX, ("hsft.learning_rate=1e-4", "teacher.serve=null", "evaluation.arms=[base, hsft]"))
    assert recipe.hsft.learning_rate == 1e-4
    assert recipe.teacher.serve is None
    assert recipe.evaluation.arms == ("base", "hsft")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("hsft.learning_rat=1", "unknown key 'hsft.learning_rat'; did you mean 'learning_rate'?"),
        ("teacher.limits.max_concurency=3", "did you mean 'max_concurrency'?"),
        ("zebra=1", "unknown key 'zebra'; known keys: name, seed"),
        ("hsft.num_epochs=-1", "hsft.num_epochs: Input should be greater than 0, got -1"),
        ("name=../../etc", "name: String should match pattern"),
        ("problems.hsft.path=x", "expected exactly one of 'path', 'hub' and 'make'"),
        ("novalue", "expected key=value"),
        ("name.first=x", "'name' in 'name.first=x' is a value, not a section"),
        ("hsft=[", "override not understood"),
    ],
)
def test_what_is_wrong_is_said(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=r".+") as caught:
        load_recipe(SANDBOX, (override,))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty or no mapping"),
        ("- a", "empty or no mapping"),
        ("a: [", "is not YAML"),
        ("name: x", "problems: Field"),
    ],
)
def test_a_file_that_is_no_recipe(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_recipe(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"not readable: expected a YAML file, .* got .*gone\.yaml"):
        load_recipe(tmp_path / "gone.yaml")


def test_a_recipe_is_laid_over_the_one_it_extends(tmp_path: Path) -> None:
    (tmp_path / "below.yaml").write_text(SANDBOX.read_text())
    (tmp_path / "above.yaml").write_text("extends: below.yaml\nname: above\nhsft: {num_epochs: 9}\n")
    below, above = load_recipe(tmp_path / "below.yaml"), load_recipe(tmp_path / "above.yaml")
    assert above.hsft.num_epochs == 9
    assert above.hsft.learning_rate == below.hsft.learning_rate
    assert above.model_dump(exclude={"name", "hsft"}) == below.model_dump(exclude={"name", "hsft"})


def test_recipes_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    for one, other in ("ab", "ba"):
        (tmp_path / f"{one}.yaml").write_text(f"extends: {other}.yaml\n")
    with pytest.raises(ConfigError, match="circle"):
        load_recipe(tmp_path / "a.yaml")


@pytest.mark.parametrize("name", ["hsft", "cross_dpo_mine", "Big", "a b"])
def test_a_comparison_needs_a_name_of_its_own(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name one"):
        load_recipe(SANDBOX, (f"comparisons={{'{name}': {{layouts: [inline]}}}}",))


def test_a_comparison_that_is_no_baseline_needs_layouts() -> None:
    with pytest.raises(ConfigError, match="needs layouts"):
        load_recipe(SANDBOX, ("comparisons={mine: {}}",))
    assert load_recipe(SANDBOX, ("comparisons={dpo: {}}",)).layouts_of("dpo") == ("solution",)


def test_a_comparison_may_change_how_it_is_trained_alone() -> None:
    recipe = load_recipe(SANDBOX, ("comparisons={alone: {cross_dpo: {replay_weight: 0}}}",))
    assert recipe.layouts_of("alone") == recipe.pairs.layouts
    assert recipe.training_of("alone") == recipe.cross_dpo.model_copy(update={"replay_weight": 0.0})
    assert recipe.training_of("cross_dpo") == recipe.cross_dpo
    with pytest.raises(ConfigError, match="replay_wait"):
        load_recipe(SANDBOX, ("comparisons={alone: {cross_dpo: {replay_wait: 0}}}",))


@pytest.mark.parametrize("name", ["fresh", "hsft", "hsft_continued", "hsft_reflexion", "hsft_headings"])
def test_a_control_needs_a_name_of_its_own(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name a control"):
        load_recipe(SANDBOX, (f"controls={{{name}: {{fresh: calls}}}}", "styles=[headings]"))


def test_a_controls_teacher_is_told_apart_from_the_recipes() -> None:
    with pytest.raises(ConfigError, match="give it another model name"):
        load_recipe(SANDBOX, ("controls={hsft_mine: {teacher: {model: oracle}}}",))


def test_a_control_is_of_one_kind() -> None:
    for settings in ("", "fresh: calls, teacher: {model: other}"):
        with pytest.raises(ConfigError, match="either 'fresh' or a 'teacher'"):
            load_recipe(SANDBOX, (f"controls={{hsft_mine: {{{settings}}}}}",))


def test_more_agreement_than_teachers_is_refused() -> None:
    with pytest.raises(ConfigError, match="needs as many different teachers, got 1"):
        load_recipe(SANDBOX, ("agreement=2", "cascade=[{model: oracle}]"))
    assert load_recipe(SANDBOX, ("agreement=2", "cascade=[{model: other}]")).agreement == 2


def test_a_peer_cannot_pass_for_an_arm() -> None:
    with pytest.raises(ConfigError, match="cannot name a peer"):
        load_recipe(SANDBOX, ("solutions.peers={hsft: somewhere}",))


def test_an_override_begins_a_section_that_is_null() -> None:
    recipe = load_recipe(SANDBOX, ("inspector=null", "inspector.model=o4-mini"))
    assert recipe.inspector is not None and recipe.inspector.model == "o4-mini"


def test_an_override_of_an_anchor_leaves_its_alias_alone() -> None:
    recipe = load_recipe(SANDBOX, ("hsft.num_epochs=7",))
    assert (recipe.hsft.num_epochs, recipe.sft.num_epochs) == (7, 4)


@pytest.mark.parametrize(
    ("devices", "said"),
    [
        (2, "3 batches of 8 in a step evenly; per_device_batch_size: 6 with gradient_accumulation_steps: 4"),
        (5, "the number of devices has to divide the global batch of 24"),
    ],
)
def test_devices_that_cannot_share_the_global_batch_are_refused(devices: int, said: str) -> None:
    uneven = ("cross_dpo.per_device_batch_size=8", "cross_dpo.gradient_accumulation_steps=3")
    supervised = tuple(f"{name}.gradient_accumulation_steps={devices}" for name in ("sft", "hsft"))
    with pytest.raises(ConfigError, match=f"hardware.devices: cross_dpo: {devices} devices cannot share the .*{said}"):
        load_recipe(SANDBOX, (f"hardware.devices={devices}", *supervised, *uneven))


def test_rows_of_a_step_are_cut_so_that_devices_share_them() -> None:
    config = SupervisedConfig(per_device_batch_size=24).on_devices(2)
    assert (config.per_device_batch_size, config.gradient_accumulation_steps) == (12, 1)
    config = SupervisedConfig(per_device_batch_size=8, gradient_accumulation_steps=16).on_devices(8)
    assert (config.per_device_batch_size, config.gradient_accumulation_steps) == (8, 2)
    config = SupervisedConfig(per_device_batch_size=8, gradient_accumulation_steps=3).on_devices(4)
    assert (config.per_device_batch_size, config.gradient_accumulation_steps) == (6, 1)
