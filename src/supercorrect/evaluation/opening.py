"""From what the user calls a model to a solver: a folder, a hub id, or a name at an endpoint's URL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from supercorrect.budget import Budget
from supercorrect.config import EndpointConfig, StudentConfig
from supercorrect.evaluation.settings import EvaluationSettings
from supercorrect.evaluation.solvers import EndpointSolver, Solver, StudentSolver
from supercorrect.models.endpoint import public_url
from supercorrect.models.engines import open_student
from supercorrect.store import RequestStore

_AT_URL = re.compile(r"(?P<model>.+?)@(?P<url>https?://.+)")


@dataclass(frozen=True)
class Access:
    """How endpoints may be asked: the environment variable with their key (None: no key), and what it may cost."""

    api_key_env: str | None = None
    max_cost_usd: float | None = None


def public_name(model: str) -> str:
    """What the user calls a model, as it may be shown and written: a URL without user, password and query."""
    at_url = _AT_URL.fullmatch(model)
    return f"{at_url['model']}@{public_url(at_url['url'])}" if at_url else model


def open_solver(
    model: str, settings: EvaluationSettings, store: RequestStore, budget: Budget, access: Access
) -> Solver:
    """Open a model for an evaluation.

    Args:
        model: A folder, `package:folder`, a hub id, a hub id with a revision as `owner/name@revision`, or a model
            behind an OpenAI-compatible endpoint as `name@https://host/v1`.

    Raises:
        InputError: There is no such model here.
        ConfigError: The URL is none, or the environment holds no key.
    """
    at_url = _AT_URL.fullmatch(model)
    if at_url:
        endpoint = EndpointConfig(model=at_url["model"], base_url=at_url["url"], api_key_env=access.api_key_env)
        return EndpointSolver(public_name(model), endpoint, store, budget)
    name, revision = model, None
    if not Path(model).exists() and "@" in model:
        name, _, revision = model.partition("@")
    config = StudentConfig(
        model=name,
        revision=revision,
        engine=settings.engine,
        batch_size=settings.batch_size,
        dtype=settings.dtype,
    )
    return StudentSolver(open_student(name, config), store, seed=settings.seed)
