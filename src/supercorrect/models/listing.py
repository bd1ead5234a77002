"""Which server stands behind a URL, and which models it has."""

from __future__ import annotations

from dataclasses import dataclass

from supercorrect.config.student import ServerKind
from supercorrect.models.endpoint import Access, public_url
from supercorrect.models.plain_http import ask_plainly

_OWNERS: dict[str, ServerKind] = {"vllm": "vllm", "sglang": "sglang", "llamacpp": "llama.cpp", "library": "ollama"}
"""What servers name as the owner of their models."""
_OF_TRANSFORMERS = "/load_model"
"""A route that only `transformers serve` has."""


@dataclass(frozen=True)
class Listing:
    """What a server says of itself.

    Attributes:
        kind: `other` where it does not say.
        models: The names of its models; empty where it has no list.
    """

    kind: ServerKind
    models: tuple[str, ...] = ()


def ask_listing(access: Access) -> Listing:
    """Look at a server's list of models, and at its routes where it has none.

    Raises:
        OSError: The server is not there, or refuses the key.
    """
    url = public_url(access.base_url)
    reply = ask_plainly(access, f"{url}/models")
    if reply.status_code in (401, 403):
        raise PermissionError(f"HTTP {reply.status_code}")
    listed = reply.value.get("data")
    rows = [row for row in listed if isinstance(row, dict) and "id" in row] if isinstance(listed, list) else []
    owners = sorted(str(row.get("owned_by")) for row in rows)
    kind = next((_OWNERS[owner] for owner in owners if owner in _OWNERS), None)
    if kind is None:
        routes = ask_plainly(access, f"{url.removesuffix('/v1')}/openapi.json").value.get("paths", {})
        kind = "transformers" if _OF_TRANSFORMERS in routes else "other"
    return Listing(kind, tuple(str(row["id"]) for row in rows))
