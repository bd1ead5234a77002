"""A trained student as a folder that others can use: weights, tokenizer, its prompts, and a card with its results."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from supercorrect.arms import PreferenceArm, comparison_arms, lessons_of, round_arms, style_arms
from supercorrect.config import Recipe
from supercorrect.errors import InputError
from supercorrect.evaluation.tables import show_share
from supercorrect.export.cards import describe_lineage, render_card
from supercorrect.metrics import ArmMetrics
from supercorrect.records import Demonstration, Pair, Problem
from supercorrect.run_folder import RunFolder
from supercorrect.store import write_text_atomic
from supercorrect.training.lora import ADAPTER_FOLDER

COMPARED = ("base", "hsft", "hsft_continued")
"""Students whose figures stand beside the exported one's."""


def export_model(recipe: Recipe, folder: RunFolder, arm: str, output: Path) -> list[str]:
    """Write the model of an arm, merged where adapters were trained, and `README.md`, its card.

    Args:
        output: A folder; files of the same names in it are replaced.

    Returns:
        The names of all files.

    Raises:
        InputError: The run has no such model, or links lead out of it.
    """
    model = folder.model(arm)
    if not model.is_dir():
        trained = sorted(path.parent.name for path in folder.root.glob("checkpoints/*/model"))
        raise InputError(
            f"--model {arm}: expected one of the run's models, {', '.join(trained) or 'of which it has none'}"
        )
    folder.require_no_links()
    shutil.copytree(model, output, dirs_exist_ok=True)
    write_text_atomic(output / "README.md", render_model_card(recipe, folder, arm))
    return sorted(str(file.relative_to(output)) for file in output.rglob("*") if file.is_file())


def render_model_card(recipe: Recipe, folder: RunFolder, arm: str) -> str:
    """The card: results with intervals, how to ask it, how it was trained, limits, lineage of its data."""
    held_out = folder.read("problems/held_out", Problem) if folder.data("problems/held_out").exists() else []
    metrics = _read_metrics(folder)
    arms: dict[str, ArmMetrics] = metrics.get("arms", {})
    return render_card(
        "model_card.md.jinja",
        arm=arm,
        base_on_hub=recipe.student.model.count("/") == 1 and not Path(recipe.student.model).exists(),
        results=[_result_row(name, arms[name]) for name in (*COMPARED, arm) if name in arms] if arm in arms else [],
        held_out={"n": len(held_out), "source": ", ".join(sorted({problem.source for problem in held_out}))},
        grader=metrics.get("measured_under", {}).get("grader", "unknown"),
        steps=describe_training(recipe, folder, arm),
        has_adapter=(folder.model(arm) / ADAPTER_FOLDER).is_dir(),
        **describe_lineage(recipe, folder),
    )


def describe_training(recipe: Recipe, folder: RunFolder, arm: str) -> list[str]:
    """Each training behind an arm, in order, in words."""
    steps = f"{folder.training_steps(arm)} steps"
    preference = _preference_arms(recipe).get(arm)
    if preference is None:
        start = [] if arm in ("sft", "hsft", *style_arms(recipe)) else describe_training(recipe, folder, "hsft")
        return [*start, f"{arm}: fine-tuned on {_supervised_data(recipe, folder, arm)}, {steps}"]
    layouts = Counter(
        pair.layout for taught in lessons_of(recipe, preference) for pair in folder.iterate(taught.pairs, Pair)
    )
    pairs = ", ".join(f"{count} {layout}" for layout, count in layouts.items())
    beta = recipe.training_of(arm).beta
    return [
        *describe_training(recipe, folder, preference.start),
        f"{arm}: trained to prefer the teacher's corrections to its own errors ({pairs or 'no pairs'}), beta {beta:g}, "
        f"{steps}",
    ]


def _supervised_data(recipe: Recipe, folder: RunFolder, arm: str) -> str:
    """What an arm learns from without preferences."""
    if arm == "sft":
        return "the problems' own solutions"
    if arm in recipe.comparisons:
        return "the teacher's correction traces"
    if arm in recipe.controls:
        return "further demonstrations, in place of stage 2"
    return f"{_count(folder, 'hsft/train')} hierarchical thoughts of its teacher"


def _preference_arms(recipe: Recipe) -> dict[str, PreferenceArm]:
    return {arm.name: arm for arm in (*round_arms(recipe), *comparison_arms(recipe)) if arm.layouts}


def _count(folder: RunFolder, name: str) -> int:
    return sum(1 for _ in folder.iterate(name, Demonstration))


def _read_metrics(folder: RunFolder) -> dict[str, Any]:
    path = folder.root / "metrics.json"
    metrics: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return metrics


def _result_row(name: str, figures: ArmMetrics) -> dict[str, str]:
    corrected, judged = figures["self_correction"], figures["localisation"]
    fixed = f" ({corrected['wrong_to_right']} / {corrected['right_to_wrong']})" if corrected else ""
    return {
        "name": name,
        "sampled": show_share(figures["accuracy"]),
        "greedy": show_share(figures["accuracy_greedy"]),
        "corrected": show_share(corrected["accuracy_after"] if corrected else None) + fixed,
        "located": _show_judged(judged, "locate_correctness"),
        "false_alarms": _show_judged(judged, "false_alarm_rate"),
    }


def _show_judged(judged: Any, name: str) -> str:
    """A share of localisation with its interval."""
    if judged is None or judged[name] is None:
        return "–"
    return show_share({"value": judged[name], "ci95": judged["ci95"][name], "n": judged["n"]})
