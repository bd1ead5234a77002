"""What an evaluation prints: figures with their intervals, and what they were measured under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from supercorrect.evaluation.summary import ModelComparison
from supercorrect.metrics import PairedComparison, Proportion, SelfCorrection, Stability
from supercorrect.visible_text import make_cells, plain_text

SHOWN_DIFFERENCES = 10
LEGEND = (
    "rate: share of the wrong ones that a pass makes right; recall: share of them in which it finds an error;\n"
    "over: share of the right ones that it makes wrong; means over problems. No oracle; each pass against the first."
)


def print_evaluation(result: Mapping[str, Any]) -> None:
    """All tables of one evaluation."""
    console = Console(highlight=False)
    labels = short_labels([model["model"] for model in result["models"]])
    models = [{**model, "label": labels[model["model"]]} for model in result["models"]]
    tables = [_accuracies(models), _samples(models), _groups("topic", models), _groups("level", models)]
    tables += [_corrections(models), _comparisons(result["comparisons"], labels)]
    for table in tables:
        if table.row_count:
            console.print(table)
    if any(model["self_correction"] or model["reflexion"] for model in models):
        console.print(LEGEND, markup=False, soft_wrap=True)
    for line in _notes(result, models):
        console.print(plain_text(line), markup=False, soft_wrap=True)


def short_labels(names: Sequence[str]) -> dict[str, str]:
    """What tells models apart: their names without URLs and the parts that all share; of one alone, its last two."""
    parts = {name: name.partition("@http")[0].split("/") for name in names}
    shared = set.intersection(*map(set, parts.values())) if len(names) > 1 else set()
    labels = {name: "/".join([part for part in own if part not in shared][-2:]) for name, own in parts.items()}
    return (
        labels if all(labels.values()) and len(set(labels.values())) == len(names) else {name: name for name in names}
    )


def show_share(share: Proportion | None) -> str:
    """A share in %, with its interval."""
    if share is None:
        return "–"
    low, high = share["ci95"]
    return f"{100 * share['value']:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def _table(first: str, *columns: str) -> Table:
    """Names may be broken, figures may not."""
    table = Table(first)
    table.columns[0].overflow = "fold"
    for column in columns:
        table.add_column(column, no_wrap=column in ("accuracy", "pass@k", "maj@k", "after", "difference"))
    return table


def _accuracies(models: list[dict[str, Any]]) -> Table:
    table = _table("model", "accuracy", "ungradable", "cut")
    for model in models:
        reasons = ", ".join(f"{count} {reason}" for reason, count in model["ungradable"].items()) or "0"
        table.add_row(*make_cells(model["label"], show_share(model["accuracy"]), reasons, str(model["cut"])))
    return table


def _samples(models: list[dict[str, Any]]) -> Table:
    table = _table("model", "k", "pass@k", "maj@k", "ties")
    for model in models:
        for k, share in model["pass_at"].items():
            majority = model["maj_at"].get(k)
            ties = str(majority["ties"]) if majority else "–"
            table.add_row(*make_cells(model["label"], str(k), show_share(share), show_share(majority), ties))
    return table


def _groups(name: str, models: list[dict[str, Any]]) -> Table:
    table = _table(name, "model", "problems", "accuracy")
    for group in sorted({group for model in models for group in model[f"by_{name}"]}):
        for model in models:
            if share := model[f"by_{name}"].get(group):
                table.add_row(*make_cells(group, model["label"], str(share["n"]), show_share(share)))
    return table


def _corrections(models: list[dict[str, Any]]) -> Table:
    table = _table("model", "pass", "after", "fixed / broken", "rate", "recall", "over")
    for model in models:
        passes = [(str(i), figures) for i, figures in enumerate(model["self_correction"], 1)]
        for name, figures in [*passes, ("Reflexion", model["reflexion"])]:
            if figures is not None:
                table.add_row(*make_cells(model["label"], name, *_corrected(figures)))
    return table


def _corrected(figures: SelfCorrection) -> list[str]:
    rates = (figures["self_correction_rate"], figures["error_recall"], figures["over_correction_rate"])
    return [
        show_share(figures["accuracy_after"]),
        f"{figures['wrong_to_right']} / {figures['right_to_wrong']}",
        *("–" if rate is None else f"{100 * rate['value']:.1f}" for rate in rates),
    ]


def _comparisons(comparisons: list[ModelComparison], labels: Mapping[str, str]) -> Table:
    table = _table("first − second", "by", "problems", "difference", "only first / second", "p")
    for one in comparisons:
        kinds: dict[str, PairedComparison | None] = {"accuracy": one["accuracy"], "majority": one["majority"]}
        for kind, compared in kinds.items():
            if compared is not None:
                table.add_row(
                    *make_cells(f"{labels[one['first']]} − {labels[one['second']]}", kind, *_compared(compared))
                )
    return table


def _compared(compared: PairedComparison) -> list[str]:
    low, high = compared["ci95"]
    p = compared["p_mcnemar"]
    return [
        str(compared["n"]),
        f"{100 * compared['difference']:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]",
        "–" if p is None else f"{compared['only_first']} / {compared['only_second']}",
        "–" if p is None else f"{p:.2g}",
    ]


def _notes(result: Mapping[str, Any], models: Sequence[Mapping[str, Any]]) -> list[str]:
    """Below the tables: how it was measured."""
    source = result["problems"]
    counts = {
        "without a reference answer": source.get("left_out", 0),
        "asked before": source.get("repeated", 0),
        "without a solution": source.get("without_solution", 0),
    }
    left_out = "".join(f", {count} {reason} left out" for reason, count in counts.items() if count)
    notes = [f"In %, with 95 % intervals, on {source['n']} problems of {source['source']}{left_out}."]
    for model in models:
        if stability := model["stability"]:
            notes.append(f"{model['label']}: {_describe_stability(stability)}")
        if differing := model["label_differences"]:
            named = "; ".join(f"{problem_id} sample {index}" for problem_id, index in differing[:SHOWN_DIFFERENCES])
            notes.append(f"{model['label']}: our verdict is not the file's label in {len(differing)} samples: {named}")
        if "prompt" in model:
            hashes = ", ".join(f"{part} {digest}" for part, digest in model["prompt_hashes"].items())
            notes.append(
                f"{model['label']}: {model['model']}, {model['engine']}; fingerprint {model['fingerprint']}; revision "
                f"{model['revision'] or 'none'}; prompt {model['prompt']} (hashes: {hashes})"
            )
    if "settings" in result:
        notes.append("settings: " + ", ".join(f"{name} {value}" for name, value in result["settings"].items()))
    return [*notes, f"grader: {result['grader']}"]


def _describe_stability(stability: Stability) -> str:
    return (
        f"over {stability['repeats']} repeats mean {100 * stability['mean']:.2f}, variance {stability['variance']:.3g} "
        f"(of shares), from {100 * stability['least']:.1f} to {100 * stability['most']:.1f}; within a problem variance "
        f"{stability['variance_within_problems']:.3g}"
    )
