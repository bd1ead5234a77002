"""The page of results: every table and claim, made of run folders alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from made_paper_runs import PAPER, add_teaching, made_run
from supercorrect.errors import InputError
from supercorrect.paper.page import points, write_page
from supercorrect.paper.recipes import RECIPES, SeededRecipe, seed_recipe

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> list[SeededRecipe]:
    """All recipes of the paper, as they would have been run with three seeds."""
    output = tmp_path_factory.mktemp("paper")
    recipes = [seed_recipe(PAPER / f"{name}.yaml", seed, output, ()) for name in RECIPES["paper"] for seed in SEEDS]
    for seed in SEEDS:
        for name in ("table8", "controls", "table5"):  # between them all arms, in the two folders of a seed
            one = seed_recipe(PAPER / f"{name}.yaml", seed, output, ())
            _, folder = made_run(one.path, Path(one.recipe.run_folder), seed=seed)
            add_teaching(folder)
    return recipes


def test_every_table_and_claim_stands_on_the_page(seeded: list[SeededRecipe], tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    write_page(page, seeded, title="Results", command="make paper")
    text = page.read_text()
    for one in seeded:
        assert one.path.as_posix() in text
    for words in (
        ["seeds", "(100", "and", "up)"][0],
        "| cross_dpo is above hsft: sampled |",
        "*holds*",
        "make paper",
        "T = 0.7",
    ):
        assert words in text
    claims = [line for line in text.splitlines() if line.endswith(("*holds* |", "*does not hold* |", "resolved* |"))]
    assert len(claims) > 40


def test_the_same_runs_give_the_same_page(seeded: list[SeededRecipe], tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_page(tmp_path / name, seeded[:3], title="Results", command="make paper")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_run_that_is_missing_is_named(seeded: list[SeededRecipe], tmp_path: Path) -> None:
    missing = seed_recipe(PAPER / "table2.yaml", 9, tmp_path, ())
    with pytest.raises(InputError, match=r"table2\.yaml.*seed9"):
        write_page(tmp_path / "page.md", [*seeded, missing], title="Results", command="make paper")


def test_recipes_of_one_name_share_a_folder() -> None:
    folders = {
        name: seed_recipe(PAPER / f"{name}.yaml", 1, Path("out"), ()).recipe.run_folder for name in RECIPES["paper"]
    }
    assert folders.pop("table5") == Path("out/seed1/paper_table5")
    assert set(folders.values()) == {Path("out/seed1/paper")}


def test_every_recipe_of_the_folder_is_run_by_one_of_the_two_commands() -> None:
    named = {PAPER / f"{name}.yaml" for names in RECIPES.values() for name in names}
    assert named == set(PAPER.rglob("*.yaml")) - {PAPER / "sandbox.yaml"}


def test_points_have_a_sign() -> None:
    assert [points(0.125), points(0.0), points(-0.125)] == ["+12.5", "0.0", "-12.5"]
