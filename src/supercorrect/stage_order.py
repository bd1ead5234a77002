"""The order of the stages: which reads what, and what decides its outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from supercorrect.config import SPLITS, Recipe
from supercorrect.context import StageContext
from supercorrect.models.transformers_student import model_fingerprint
from supercorrect.prompts import read_template
from supercorrect.run_folder import StageCounts
from supercorrect.stages import (
    corrections,
    cross_dpo,
    evaluation,
    hsft,
    own_corrections,
    pairs,
    problems,
    solutions,
    thoughts,
    verdicts,
)
from supercorrect.store import file_sha256

Run = Callable[[StageContext], tuple[StageCounts, list[Path]]]


@dataclass(frozen=True)
class Stage:
    """One stage of a run.

    Attributes:
        run: Does it, and names what it wrote.
        needs: Stages whose outputs it reads.
        settings: What else decides its outcome; together with its inputs this is its fingerprint.
    """

    name: str
    run: Run
    needs: tuple[str, ...]
    settings: dict[str, Any]


def build_stages(recipe: Recipe) -> list[Stage]:
    """The stages of a recipe, in order."""
    order = _Order(recipe)
    stages = order.supervised_stages()
    stages += order.error_stages("", "errors", order.drawn_for_errors)
    stages += order.error_stages("held_out_", "held_out", order.drawn_for_evaluation)
    return stages + order.preference_stages() + order.evaluation_stages()


class _Order:
    """Builds the stages of one recipe, with the settings that each of them depends on."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._templates = {name: read_template(path) for name, path in recipe.prompts.model_dump().items()}
        self._base = [model_fingerprint(recipe.student.model, recipe.student.revision), recipe.student.dtype]
        self._teacher = recipe.teacher.model_dump(include={"model", "sampling"}, mode="json")
        batch_size = recipe.student.batch_size
        evaluation = recipe.evaluation.model_dump(exclude={"arms", "localise"})
        self.drawn_for_errors = {"batch_size": batch_size, "solutions": recipe.solutions.model_dump()}
        self.drawn_for_evaluation = {"batch_size": batch_size, "evaluation": evaluation}

    def _stage(self, name: str, run: Run, *needs: str, prompts: tuple[str, ...] = (), **settings: Any) -> Stage:
        texts = [self._templates[prompt] for prompt in prompts]
        return Stage(name, run, needs, {"seed": self._recipe.seed, "prompts": texts, **settings})

    def supervised_stages(self) -> list[Stage]:
        """Problems, thoughts, and what is trained on demonstrations alone."""
        recipe, base = self._recipe, self._base
        sft, hsft_arm = partial(hsft.run, arm="sft"), partial(hsft.run, arm="hsft")
        asked = ("thought_extraction", "hierarchical")
        return [
            self._stage("problems", problems.run, problems=recipe.problems.model_dump(), files=_file_hashes(recipe)),
            self._stage("thoughts", thoughts.run, "problems", teacher=self._teacher, prompts=asked),
            self._stage("sft", sft, "problems", base=base, training=recipe.sft.model_dump(), prompts=("plain",)),
            self._stage("hsft", hsft_arm, "thoughts", base=base, training=recipe.hsft.model_dump()),
        ]

    def error_stages(self, prefix: str, split: str, drawn: dict[str, Any]) -> list[Stage]:
        """The HSFT student's solutions of a split, their verdicts, and the teacher's corrections of the wrong ones."""
        sampled, graded = f"{prefix}solutions", f"{prefix}verdicts"
        sample, grade = partial(solutions.run, split=split), partial(verdicts.run, split=split)
        correct = partial(corrections.run, split=split)
        asked = ("grounded_correction",)
        return [
            self._stage(sampled, sample, "problems", "hsft", drawn=drawn, prompts=("hierarchical",)),
            self._stage(graded, grade, "problems", sampled),
            self._stage(
                f"{prefix}corrections", correct, "problems", sampled, graded, teacher=self._teacher, prompts=asked
            ),
        ]

    def preference_stages(self) -> list[Stage]:
        """The student's own corrections, the pairs, Cross-DPO and its control of equal steps."""
        recipe = self._recipe
        errors = ("problems", "hsft", "solutions", "corrections")
        training = recipe.cross_dpo.model_dump()
        reviewed = {
            "share": recipe.pairs.right_step_share,
            "reviews": recipe.reviews.model_dump(),
            "drawn": self.drawn_for_errors,
        }
        both = ("hierarchical", "correction")
        control = partial(hsft.run, arm="hsft_continued")
        return [
            self._stage("own_corrections", own_corrections.run, *errors, prompts=("correction",), **reviewed),
            self._stage("pairs", pairs.run, *errors, "own_corrections", prompts=both, pairs=recipe.pairs.model_dump()),
            self._stage("cross_dpo", cross_dpo.run, "thoughts", "hsft", "corrections", "pairs", training=training),
            self._stage("hsft_continued", control, "thoughts", "hsft", "cross_dpo", training=training),
        ]

    def evaluation_stages(self) -> list[Stage]:
        """One evaluation an arm."""
        recipe = self._recipe
        settings: dict[str, Any] = {
            "base": self._base,
            "drawn": self.drawn_for_evaluation,
            "localise": recipe.evaluation.localise,
            "reviews": recipe.reviews.model_dump(),
        }
        asked = ("plain", "hierarchical", "correction")
        stages = []
        for arm in recipe.evaluation.arms:
            needs = ("problems", "held_out_solutions", *((arm,) if arm != "base" else ()))
            evaluate = partial(evaluation.run, arm=arm)
            stages.append(self._stage(f"evaluation_{arm}", evaluate, *needs, prompts=asked, **settings))
        return stages


def _file_hashes(recipe: Recipe) -> list[str]:
    sets = [one for split in (*SPLITS, "decontaminate_against") for one in recipe.problems.sets_of(split)]
    paths = [one.path for one in sets]
    return [file_sha256(Path(path)) if path and Path(path).is_file() else "" for path in paths]
