"""Every stage that a recipe can have: which stages it needs, and what else decides its outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from supercorrect.arms import (
    REFLEXION,
    ControlArm,
    ErrorSet,
    PreferenceArm,
    arm_names,
    lessons_of,
    model_of,
    prompt_of,
    round_arms,
    style_arms,
)
from supercorrect.config import SPLITS, Recipe
from supercorrect.context import StageContext
from supercorrect.decisions import decided_settings, read_decisions
from supercorrect.manifest import StageCounts
from supercorrect.models.weights import model_fingerprint
from supercorrect.prompts import read_template
from supercorrect.records import ThoughtStyle
from supercorrect.run_folder import RunFolder
from supercorrect.stages import (
    correction_sft,
    corrections,
    cross_dpo,
    evaluation,
    hsft,
    own_corrections,
    pairs,
    problems,
    repeats,
    solutions,
    thoughts,
    verdicts,
)
from supercorrect.store import file_sha256

_DECISIVE = {"model", "sampling"}
"""What of an endpoint decides what it says."""
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


class StageBuilder:
    """Builds the stages of one recipe, with the settings that each of them depends on."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._templates = {name: read_template(path) for name, path in recipe.prompts.model_dump().items() if path}
        self._base = [model_fingerprint(recipe.student.model, recipe.student.revision), recipe.student.dtype]
        self._teaching = _teaching_settings(recipe)
        self._grading = _grading_settings(recipe)
        self._training = recipe.cross_dpo.model_dump()
        self._decisions = read_decisions(RunFolder(recipe.run_folder))
        evaluation = recipe.evaluation.model_dump(exclude={"arms", "localise", "reflexion", "stability"})
        peers = {name: model_fingerprint(model) for name, model in recipe.solutions.peers.items()}
        solutions_drawn = recipe.solutions.model_dump(exclude={"peers", "max_wrong_per_problem"})
        self.drawn_for_errors = {**recipe.student.drawn, "solutions": solutions_drawn, "peers": peers}
        self.drawn_for_evaluation = {**recipe.student.drawn, "evaluation": evaluation}

    def _stage(self, name: str, run: Run, *needs: str, prompts: tuple[str, ...] = (), **settings: Any) -> Stage:
        texts = [self._templates[prompt] for prompt in prompts]
        return Stage(name, run, needs, {"seed": self._recipe.seed, "prompts": texts, **settings})

    def supervised_stages(self) -> list[Stage]:
        """Problems, thoughts, and what is trained on demonstrations alone."""
        recipe, base = self._recipe, self._base
        sft, hsft_arm = partial(hsft.run, arm="sft"), partial(hsft.run, arm="hsft")
        asked = ("thought_extraction", "hierarchical", "revision", "inspection")
        return [
            self._stage("problems", problems.run, problems=recipe.problems.model_dump(), files=_file_hashes(recipe)),
            self._stage("thoughts", thoughts.run, "problems", teaching=self._teaching, prompts=asked),
            self._stage("sft", sft, "problems", base=base, training=recipe.sft.model_dump(), prompts=("plain",)),
            self._stage("hsft", hsft_arm, "thoughts", base=base, training=recipe.hsft.model_dump()),
            *(self._style_stage(arm, style) for arm, style in style_arms(recipe).items()),
        ]

    def _style_stage(self, arm: str, style: ThoughtStyle) -> Stage:
        train, training = partial(hsft.run, arm=arm), self._recipe.hsft.model_dump()
        return self._stage(arm, train, "problems", "thoughts", base=self._base, training=training, prompts=(style,))

    def error_stages(self, prefix: str, errors: ErrorSet, drawn: dict[str, Any], suffix: str = "") -> list[Stage]:
        """A student's solutions, their verdicts, and the teacher's corrections of the wrong ones."""
        sampled, graded = f"{prefix}solutions{suffix}", f"{prefix}verdicts{suffix}"
        sample, grade = partial(solutions.run, errors=errors), partial(verdicts.run, errors=errors)
        correct = partial(corrections.run, errors=errors)
        asked = ("grounded_correction", "revision", "inspection")
        needed = ("problems", sampled, graded)
        settings = {
            "teaching": self._teaching,
            "agreement": self._recipe.agreement,
            "cap": self._recipe.solutions.max_wrong_per_problem,
        }
        return [
            self._stage(sampled, sample, "problems", errors.student, drawn=drawn, prompts=("hierarchical",)),
            self._stage(graded, grade, "problems", sampled, grading=self._grading),
            self._stage(f"{prefix}corrections{suffix}", correct, *needed, prompts=asked, **settings),
        ]

    def round_stages(self, arm: PreferenceArm, suffix: str = "") -> list[Stage]:
        """The student's own corrections, the pairs, and Cross-DPO."""
        recipe = self._recipe
        reviewed = {
            "share": recipe.pairs.right_step_share,
            "reviews": recipe.reviews.model_dump(),
            "drawn": self.drawn_for_errors,
        }
        needed = ("problems", arm.start, f"solutions{suffix}", f"verdicts{suffix}", f"corrections{suffix}")
        review = partial(own_corrections.run, errors=arm.errors)
        return [
            self._stage(f"own_corrections{suffix}", review, *needed, prompts=("correction",), **reviewed),
            self._pairs_stage(f"pairs{suffix}", arm, suffix),
            self._preference_stage(arm, f"pairs{suffix}", suffix),
        ]

    def comparison_stages(self, arm: PreferenceArm) -> list[Stage]:
        """Another student from the first round's errors."""
        if not arm.layouts:
            needed = ("problems", "thoughts", "hsft", "solutions", "corrections", "cross_dpo")
            train = partial(correction_sft.run, arm=arm, decisions=self._decisions)
            settings = {"training": self._recipe.training_of(arm.name).model_dump(), **self._decided(arm)}
            return [self._stage(arm.name, train, *needed, prompts=("correction",), **settings)]
        paired = f"pairs_{arm.name}"
        return [self._pairs_stage(paired, arm), self._preference_stage(arm, paired, after=("cross_dpo",))]

    def _pairs_stage(self, name: str, arm: PreferenceArm, suffix: str = "") -> Stage:
        needed = ("problems", arm.start, f"solutions{suffix}", f"corrections{suffix}", f"own_corrections{suffix}")
        both = ("hierarchical", "correction")
        settings = {
            "layouts": arm.layouts,
            "max_length": self._recipe.training_of(arm.name).max_length,
            **self._decided(arm),
        }
        make = partial(pairs.run, arm=arm, decisions=self._decisions)
        return self._stage(name, make, *needed, prompts=both, **settings)

    def _decided(self, arm: PreferenceArm) -> dict[str, Any]:
        """What people changed of the corrections that an arm learns from."""
        return decided_settings(self._decisions, arm.errors.name, self._recipe.grading)

    def _preference_stage(
        self, arm: PreferenceArm, pairs_stage: str, suffix: str = "", after: tuple[str, ...] = ()
    ) -> Stage:
        earlier = [f"pairs{a.name.removeprefix('cross_dpo')}" for a in lessons_of(self._recipe, arm)[:-1]]
        needed = ("problems", "thoughts", arm.start, f"corrections{suffix}", *earlier, pairs_stage, *after)
        training = self._recipe.training_of(arm.name).model_dump()
        train = partial(cross_dpo.run, arm=arm, decisions=self._decisions)
        return self._stage(arm.name, train, *needed, training=training)

    def continued_stage(self) -> Stage:
        """HSFT continued for as many steps as all rounds took."""
        rounds = [arm.name for arm in round_arms(self._recipe)]
        train = partial(hsft.run, arm="hsft_continued")
        return self._stage("hsft_continued", train, "thoughts", "hsft", *rounds, training=self._training)

    def control_stages(self, control: ControlArm) -> list[Stage]:
        """A control's own demonstrations, and what is trained on them."""
        recipe, rounds = self._recipe, round_arms(self._recipe)
        asked = ("thought_extraction", "hierarchical", "revision", "inspection")
        spent = [arm.errors.name.replace("errors", "corrections") for arm in rounds] if control.fresh else []
        teaching = self._teaching
        if control.teacher:
            teaching = teaching | {"teachers": [control.teacher.model_dump(include=_DECISIVE, mode="json")]}
        demonstrate = partial(thoughts.run, control=control)
        needed = ("thoughts", "hsft", *(arm.name for arm in rounds), f"thoughts_{control.name}")
        train, training = partial(hsft.run, arm=control.name), [self._training, recipe.hsft.model_dump()]
        return [
            self._stage(
                f"thoughts_{control.name}",
                demonstrate,
                "problems",
                "thoughts",
                *spent,
                prompts=asked,
                teaching=teaching,
                fresh=control.fresh,
            ),
            self._stage(control.name, train, *needed, base=self._base, training=training),
        ]

    def evaluation_stages(self) -> list[Stage]:
        """One evaluation an arm."""
        recipe = self._recipe
        settings: dict[str, Any] = {
            "base": self._base,
            "drawn": self.drawn_for_evaluation,
            "localise": recipe.evaluation.localise,
            "reviews": recipe.reviews.model_dump(),
            "grading": self._grading,
        }
        stages = []
        for arm in arm_names(recipe):
            reviewed = ("held_out_solutions",) if recipe.evaluation.localise else ()
            needs = ("problems", *reviewed, *((model_of(arm),) if arm != "base" else ()))
            evaluate = partial(evaluation.run, arm=arm)
            asked: dict[str, Any] = {"asked": read_template(prompt_of(recipe, arm))}
            if arm == REFLEXION:
                asked["reflexion"] = [self._templates.get("reflection"), self._templates["retry"]]
            stages.append(
                self._stage(f"evaluation_{arm}", evaluate, *needs, prompts=("correction",), **settings, **asked)
            )
        return stages + self._stability_stages()

    def _stability_stages(self) -> list[Stage]:
        """The hardest problems again and again, by every evaluated arm that is a student of its own."""
        recipe, stability = self._recipe, self._recipe.evaluation.stability
        if stability is None:
            return []
        settings: dict[str, Any] = {
            "base": self._base,
            "drawn": self.drawn_for_evaluation,
            "stability": stability.model_dump(),
            "grading": self._grading,
        }
        stages = []
        for arm in (arm for arm in arm_names(recipe) if arm == model_of(arm)):
            asked = read_template(prompt_of(recipe, arm))
            needs = ("problems", *((arm,) if arm != "base" else ()))
            stages.append(
                self._stage(f"stability_{arm}", partial(repeats.run, arm=arm), *needs, **settings, asked=asked)
            )
        return stages


def _teaching_settings(recipe: Recipe) -> dict[str, Any]:
    """What decides what teachers write and what of it is accepted."""
    return {
        "teachers": [teacher.model_dump(include=_DECISIVE, mode="json") for teacher in recipe.teachers],
        "inspector": recipe.inspector and recipe.inspector.model_dump(include=_DECISIVE, mode="json"),
        "max_rounds": recipe.max_rounds,
        "grading": _grading_settings(recipe),
    }


def _grading_settings(recipe: Recipe) -> dict[str, Any]:
    judge = recipe.judge and recipe.judge.model_dump(include=_DECISIVE, mode="json")
    return {"grading": recipe.grading.model_dump(exclude={"workers"}), "judge": judge}


def _file_hashes(recipe: Recipe) -> list[str]:
    sets = [one for split in (*SPLITS, "decontaminate_against") for one in recipe.problems.sets_of(split)]
    paths = [one.path for one in sets]
    return [file_sha256(Path(path)) if path and Path(path).is_file() else "" for path in paths]
