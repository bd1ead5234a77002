"""The order of the stages: which reads what, and what decides its outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from supercorrect.config import Recipe
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
    prompts = {name: read_template(path) for name, path in recipe.prompts.model_dump().items()}
    base = [model_fingerprint(recipe.student.model, recipe.student.revision), recipe.student.dtype]
    teacher = recipe.teacher.model_dump(include={"model", "sampling"}, mode="json")
    sampled = {"batch_size": recipe.student.batch_size, "solutions": recipe.solutions.model_dump()}
    evaluated = {
        "batch_size": recipe.student.batch_size,
        "evaluation": recipe.evaluation.model_dump(exclude={"arms", "localise"}),
    }

    def stage(name: str, run: Run, *needs: str, **settings: Any) -> Stage:
        return Stage(name, run, needs, {"seed": recipe.seed, **settings})

    def prompt(*names: str) -> list[str]:
        return [prompts[name] for name in names]

    stages = [
        stage("problems", problems.run, problems=recipe.problems.model_dump(), files=_file_hashes(recipe)),
        stage(
            "thoughts",
            thoughts.run,
            "problems",
            teacher=teacher,
            prompts=prompt("thought_extraction", "hierarchical"),
        ),
        stage(
            "sft",
            partial(hsft.run, arm="sft"),
            "problems",
            base=base,
            training=recipe.sft.model_dump(),
            prompts=prompt("plain"),
        ),
        stage("hsft", partial(hsft.run, arm="hsft"), "thoughts", base=base, training=recipe.hsft.model_dump()),
    ]
    for split, prefix, drawn in (("errors", "", sampled), ("held_out", "held_out_", evaluated)):
        asked = prompt("hierarchical")
        stages += [
            stage(
                f"{prefix}solutions",
                partial(solutions.run, split=split),
                "problems",
                "hsft",
                sampled=drawn,
                prompts=asked,
            ),
            stage(f"{prefix}verdicts", partial(verdicts.run, split=split), "problems", f"{prefix}solutions"),
            stage(
                f"{prefix}corrections",
                partial(corrections.run, split=split),
                "problems",
                f"{prefix}solutions",
                f"{prefix}verdicts",
                teacher=teacher,
                prompts=prompt("grounded_correction"),
            ),
        ]
    stages += [
        stage(
            "own_corrections",
            own_corrections.run,
            "problems",
            "hsft",
            "solutions",
            "corrections",
            share=recipe.pairs.right_step_share,
            reviews=recipe.reviews.model_dump(),
            sampled=sampled,
            prompts=prompt("correction"),
        ),
        stage(
            "pairs",
            pairs.run,
            "problems",
            "hsft",
            "solutions",
            "corrections",
            "own_corrections",
            pairs=recipe.pairs.model_dump(),
            prompts=prompt("hierarchical", "correction"),
        ),
        stage("cross_dpo", cross_dpo.run, "thoughts", "hsft", "pairs", training=recipe.cross_dpo.model_dump()),
        stage(
            "hsft_continued",
            partial(hsft.run, arm="hsft_continued"),
            "thoughts",
            "hsft",
            "cross_dpo",
            training=recipe.cross_dpo.model_dump(),
        ),
    ]
    for arm in recipe.evaluation.arms:
        trained = (arm,) if arm != "base" else ()
        stages.append(
            stage(
                f"evaluation_{arm}",
                partial(evaluation.run, arm=arm),
                "problems",
                "held_out_solutions",
                *trained,
                base=base,
                evaluation=recipe.evaluation.model_dump(exclude={"arms"}),
                reviews=recipe.reviews.model_dump(),
                batch_size=recipe.student.batch_size,
                prompts=prompt("plain", "hierarchical", "correction"),
            )
        )
    return stages


def _file_hashes(recipe: Recipe) -> list[str]:
    paths = [s.path for s in (recipe.problems.hsft, recipe.problems.errors, recipe.problems.held_out)]
    return [file_sha256(Path(path)) if path and Path(path).is_file() else "" for path in paths]
