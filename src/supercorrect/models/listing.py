"""Which server stands behind a URL, and which models it has."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from supercorrect.config.student import ServerKind
from supercorrect.models.endpoint import Access, is_loopback, public_url

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
        longest: The most tokens of prompt and completion together, by model, where it says so.
    """

    kind: ServerKind
    models: tuple[str, ...] = ()
    longest: tuple[tuple[str, int], ...] = ()


def ask_listing(access: Access) -> Listing:
    """Look at a server's list of models, and at its routes where it has none.

    Raises:
        OSError: The server is not there, or refuses to say.
    """
    rows = _get_json(access, f"{public_url(access.base_url)}/models").get("data") or []
    owners = {str(row.get("owned_by")) for row in rows}
    kind = next((_OWNERS[owner] for owner in sorted(owners) if owner in _OWNERS), None)
    if kind is None:
        root = public_url(access.base_url).removesuffix("/v1")
        kind = (
            "transformers"
            if _OF_TRANSFORMERS in _get_json(access, f"{root}/openapi.json").get("paths", {})
            else "other"
        )
    longest = tuple((str(row["id"]), int(row["max_model_len"])) for row in rows if row.get("max_model_len"))
    return Listing(kind, tuple(str(row["id"]) for row in rows), longest)


def _get_json(access: Access, url: str) -> dict[str, Any]:
    """A JSON object from a server; empty where the server has none there."""
    headers = {"Accept": "application/json"}
    if access.api_key:
        headers["Authorization"] = f"Bearer {access.api_key}"
    elif access.login:
        headers["Authorization"] = f"Basic {b64encode(':'.join(access.login).encode()).decode()}"
    proxies = urllib.request.ProxyHandler({} if is_loopback(access.base_url) else None)
    try:
        with urllib.request.build_opener(proxies).open(
            urllib.request.Request(url, headers=headers), timeout=10
        ) as reply:
            value = json.loads(reply.read())
    except urllib.error.HTTPError as error:
        if error.code in (401, 403):
            raise
        return {}
    except (http.client.HTTPException, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
