"""The recipe's endpoints: the key (never shown), whether anything answers, and what it takes."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from supercorrect.config import EndpointConfig, Recipe
from supercorrect.doctor.finding import Finding
from supercorrect.errors import ConfigError
from supercorrect.models.endpoint import Access, is_loopback, public_url, read_access
from supercorrect.models.listing import Listing, ask_listing
from supercorrect.models.price import find_price
from supercorrect.models.probing import Probe
from supercorrect.models.weights import resolve_model_path


@dataclass(frozen=True)
class Role:
    """An endpoint in its role.

    Attributes:
        chats: Whether it is asked for chat completions; a student's server is asked for text completions.
    """

    name: str
    endpoint: EndpointConfig
    chats: bool = True


def roles_of(recipe: Recipe) -> Iterator[Role]:
    """Every endpoint that a run of the recipe may ask."""
    yield Role("teacher", recipe.teacher)
    yield from (Role(f"cascade[{i}]", endpoint) for i, endpoint in enumerate(recipe.cascade))
    yield from (Role(name, one) for name in ("inspector", "judge") if (one := getattr(recipe, name)) is not None)
    yield from (Role(f"controls.{name}", one.teacher) for name, one in recipe.controls.items() if one.teacher)
    if recipe.student.server is not None:
        model = resolve_model_path(recipe.student.model)
        yield Role("student.server", recipe.student.server.endpoint(model), chats=False)


def look_at_endpoint(role: Role, *, ask_priced: bool) -> Iterator[Finding]:
    """Key, reachability, and what it takes.

    Args:
        ask_priced: Whether to ask what it takes where a request has a price, too.
    """
    endpoint = role.endpoint
    if endpoint.api_key_env is not None:
        yield _look_at_key(role)
    if endpoint.serve is not None:
        yield _look_at_command(role.name, endpoint.serve)
        return
    try:
        access = read_access(role.name, endpoint)
    except ConfigError as error:
        if endpoint.api_key_env is None or os.environ.get(endpoint.api_key_env):
            yield Finding(role.name, "problem", str(error), f"correct base_url under {role.name}")
        return
    try:
        listing = ask_listing(access)
        yield _tell_listing(role, access, listing)
        if is_loopback(access.base_url) or ask_priced or find_price(endpoint)[0] is None:
            yield _tell_what_it_takes(role, access)
        else:
            yield Finding(f"{role.name} takes", "note", "not asked, as it would cost a few tokens", "doctor --ask")
    except OSError as error:
        found = f"{public_url(access.base_url)}: {access.redacted(str(error))}"
        yield Finding(role.name, "problem", found, f"start the server, or correct base_url or key under {role.name}")


def _look_at_key(role: Role) -> Finding:
    name = role.endpoint.api_key_env or ""
    if os.environ.get(name, "").strip():
        return Finding(f"{role.name} key", "ok", f"{name} is set")
    fix = f"export {name}=…, or write `api_key_env: null` under {role.name} if it wants no key"
    return Finding(f"{role.name} key", "problem", f"{name} is not set", fix)


def _look_at_command(name: str, command: tuple[str, ...]) -> Finding:
    program = command[0].replace("{python}", sys.executable)
    if shutil.which(program) is None:
        fix = f"install it, or correct `serve` under {name}"
        return Finding(name, "problem", f"the recipe starts {program}, which is not installed", fix)
    return Finding(name, "ok", f"the recipe starts it with {program}")


def _tell_listing(role: Role, access: Access, listing: Listing) -> Finding:
    model, url = role.endpoint.model, public_url(access.base_url)
    if listing.models and model not in listing.models:
        shown = ", ".join(listing.models[:5]) + (", …" if len(listing.models) > 5 else "")
        fix = f"name the model as the endpoint does, if it is none of its aliases: model under {role.name}"
        return Finding(role.name, "note", f"{url} ({listing.kind}) answers, and lists {shown}, not {model}", fix)
    return Finding(role.name, "ok", f"{url} ({listing.kind}) answers")


def _tell_what_it_takes(role: Role, access: Access) -> Finding:
    probe = Probe(access, role.endpoint.served_model or role.endpoint.model)
    refused = probe.chats()
    takes = {"token-id prompts": probe.takes_token_ids()}
    if refused is None:
        chat = {"n": probe.takes_n(), "logprobs": probe.takes_logprobs(), "continue_final_message": probe.continues()}
        takes = chat | takes
    yes, no = (", ".join(name for name, is_taken in takes.items() if is_taken is wanted) for wanted in (True, False))
    found = f"{yes or 'nothing beyond the usual'}{f'; not {no}' if no else ''}"
    if refused is not None and role.chats:
        return Finding(f"{role.name} takes", "problem", f"no chat completions: {refused}", f"correct {role.name}.model")
    if not role.chats and not takes["token-id prompts"]:
        fix = "prompts go as text, and what comes back is tokenised here: docs/engines.md"
        return Finding(f"{role.name} takes", "note", found, fix)
    return Finding(f"{role.name} takes", "ok", found)
