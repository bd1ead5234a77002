"""What a replay is answered from: a run's store, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel

from supercorrect.config import EndpointConfig, Recipe
from supercorrect.errors import SuperCorrectError
from supercorrect.store import RequestStore, StoredResponse, UnansweredLog

_NOWHERE = "http://127.0.0.1:9/v1"
Part = TypeVar("Part")


class NotRecordedError(SuperCorrectError):
    """Raised where a replay needs a response that the run's store does not have."""


class RecordedResponses(RequestStore):
    """A run's store, from which every request is answered as it was in the run: it has a response, or it failed."""

    def get_many(self, keys: Sequence[str]) -> dict[str, StoredResponse]:
        """See `RequestStore.get_many`.

        Raises:
            NotRecordedError: The run has asked no such request.
        """
        found = super().get_many(keys)
        missing = [key for key in keys if key not in found]
        if missing:
            found |= UnansweredLog(self).find(missing)
        if absent := [key for key in missing if key not in found]:
            raise NotRecordedError(f"{len(absent)} of {len(keys)} responses are not in {self.path}: {absent[0]} …")
        return found


def without_endpoints(recipe: Recipe) -> Recipe:
    """The recipe with every endpoint out of reach, so that nobody can be asked; what it decides stays as it is."""
    return _out_of_reach(recipe).model_copy(update={"max_cost_usd": None})


def _out_of_reach(part: Part) -> Part:
    if isinstance(part, EndpointConfig):
        nobody = {"base_url": _NOWHERE, "api_key_env": None, "serve": None, "batch": None}
        return part.model_copy(update=nobody)
    if isinstance(part, BaseModel):
        return part.model_copy(update={name: _out_of_reach(value) for name, value in part})
    if isinstance(part, dict):
        return {name: _out_of_reach(value) for name, value in part.items()}  # type: ignore[return-value]
    if isinstance(part, tuple):
        return tuple(_out_of_reach(value) for value in part)  # type: ignore[return-value]
    return part
