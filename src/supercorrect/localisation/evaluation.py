"""A critic on step-labelled sets, from files to figures, in a folder from which a killed evaluation goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from supercorrect.config import EndpointConfig
from supercorrect.grading import Grade, Grader, judge_failed, read_judgement, render_judge_prompt
from supercorrect.localisation.critics import Critic
from supercorrect.localisation.judged import Comparison, JudgedReview, Judging, judge_reviews
from supercorrect.localisation.loading import LabelledSet
from supercorrect.localisation.measures import compute_localisation_figures
from supercorrect.models import Budget, ChatRequest, OpenAICompatibleModel, ServedEndpoint, ask_model
from supercorrect.progress import Reporter
from supercorrect.records import Rejection
from supercorrect.store import (
    RequestStore,
    file_sha256,
    iterate_records,
    write_json_atomic,
    write_parquet,
    write_records,
)

ALL = "all"


def evaluate_critic(
    critic: Critic, sets: Sequence[LabelledSet], output: Path, judging: Judging | None = None
) -> dict[str, Any]:
    """Have a critic review every solution, and write `items.jsonl`, `rejects.jsonl` and `metrics.json` to `output`.

    Returns:
        What `metrics.json` holds: settings, sets with their figures, and the figures of all sets together.
    """
    solutions = [solution for one in sets for solution in one.solutions]
    judged = judge_reviews(solutions, critic.review(solutions), judging)
    rejections = [rejection for one in sets for rejection in one.rejections]
    result = {
        "settings": {**critic.settings, "grader": Grader().fingerprint, "judged": judging is not None},
        "sets": {one.name: _describe(one, judged) for one in sets},
        ALL: compute_localisation_figures(judged),
    }
    write_results(output, judged, rejections, result)
    return result


def write_results(
    output: Path, judged: Sequence[JudgedReview], rejections: Sequence[Rejection], result: dict[str, Any]
) -> None:
    """Write the items, what could not be used, and the figures; each file whole or not at all."""
    write_records(output / "items.jsonl", judged)
    write_records(output / "rejects.jsonl", rejections)
    write_json_atomic(output / "metrics.json", result)


def write_items_parquet(output: Path) -> None:
    """Write `items.parquet` from `items.jsonl`, whole or not at all."""
    rows = iterate_records(output / "items.jsonl", JudgedReview)
    write_parquet(output / "items.parquet", [row.model_dump(mode="json") for row in rows])


def judge_through(endpoint: EndpointConfig, store: RequestStore, budget: Budget, reporter: Reporter) -> Judging:
    """A judge behind a URL, for what the rule cannot decide. It never overrules a grade."""

    def judge(undecided: Sequence[tuple[Grade, Comparison]]) -> list[Grade]:
        prompts = [render_judge_prompt(written, reference, problem) for _, (written, reference, problem) in undecided]
        requests = [ChatRequest((("user", prompt),), endpoint.sampling) for prompt in prompts]
        with ServedEndpoint("judge", endpoint) as served:
            model = OpenAICompatibleModel("judge", served, store, budget)
            replies, _ = ask_model(model, requests, reporter, "eval-localisation")
        return [
            read_judgement(grade, reply.text) if reply.status == "ok" else judge_failed(grade, reply.status)
            for (grade, _), reply in zip(undecided, replies, strict=True)
        ]

    return judge


def _describe(one: LabelledSet, judged: Sequence[JudgedReview]) -> dict[str, Any]:
    """A set, what of it was used, and the critic's figures on it."""
    return {
        "layout": one.layout,
        "file_sha256": file_sha256(one.path),
        "solutions": len(one.solutions),
        "rejected": _count_reasons(one.rejections),
        "figures": compute_localisation_figures([review for review in judged if review.set_name == one.name]),
    }


def _count_reasons(rejections: Sequence[Rejection]) -> dict[str, int]:
    reasons = [rejection.reason for rejection in rejections]
    return {reason: reasons.count(reason) for reason in sorted(set(reasons))}
