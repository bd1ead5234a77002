"""Where an endpoint is and how it is entered: its URL, its key, and the text from which both are kept out."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from supercorrect.config import EndpointConfig
from supercorrect.errors import ConfigError

log = logging.getLogger(__name__)

_OPENAI_URL = "https://api.openai.com/v1"
_METADATA_HOSTS = frozenset({"metadata.google.internal", "metadata.goog", "instance-data"})
_METADATA_ADDRESSES = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "fd00:ec2::254")))
_LONGEST_DETAIL = 2048


def public_url(url: str) -> str:
    """The URL as it may be shown: without user, password, query or fragment; nothing of what is no URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(not a URL)"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def hide_logins(value: Any) -> Any:
    """A copy of what a section dumps to, with every `base_url` in it as it may be shown."""
    if isinstance(value, dict):
        shown = {name: hide_logins(one) for name, one in value.items()}
        return shown | ({"base_url": public_url(shown["base_url"])} if shown.get("base_url") else {})
    return [hide_logins(one) for one in value] if isinstance(value, list) else value


def given_url(endpoint: EndpointConfig) -> str:
    """An endpoint's URL: the recipe's, the environment's, or OpenAI's own. It may hold user and password."""
    return endpoint.base_url or os.environ.get("OPENAI_BASE_URL") or _OPENAI_URL


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine itself."""
    host = _host(url)
    address = _ip_address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


@dataclass(frozen=True)
class Access:
    """How to enter an endpoint.

    Attributes:
        base_url: Without user and password: HTTP libraries log the URLs that they ask.
        login: The user and password that stood in the URL.
    """

    base_url: str
    api_key: str | None = field(repr=False)
    login: tuple[str, str] | None = field(repr=False)

    def redacted(self, text: str) -> str:
        """`text` without the key, user and password, cut to 2 KB."""
        for secret in self.secrets:
            text = text.replace(secret, "[redacted]")
        return text[:_LONGEST_DETAIL]

    @property
    def secrets(self) -> list[str]:
        """The key, user and password, as they are and as a URL spells them."""
        secrets = filter(None, (self.api_key, *(self.login or ())))
        return [spelling for secret in secrets for spelling in (secret, quote(secret, safe=""))]


def read_access(role: str, endpoint: EndpointConfig) -> Access:
    """Find an endpoint's URL and read its key from the environment.

    Raises:
        ConfigError: The URL is none that a model can stand behind, or the environment holds no key.
    """
    _check_url(role, given_url(endpoint))
    parts = urlsplit(given_url(endpoint))
    base_url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    if endpoint.api_key_env is None:
        return Access(base_url, None, login)
    api_key = os.environ.get(endpoint.api_key_env, "").strip()
    if not (api_key and api_key.isascii() and api_key.isprintable()):
        raise ConfigError(
            f"{role}: expected the key for {public_url(base_url)} in the environment variable {endpoint.api_key_env}, "
            f"found {'characters that no key has' if api_key else 'none'}. Set it, or write `api_key_env: null` under "
            f"{role} if the endpoint wants no key."
        )
    return Access(base_url, api_key, login)


def _check_url(role: str, base_url: str) -> None:
    host = _host(base_url)
    if not base_url.lower().startswith(("http://", "https://")) or not host:
        raise ConfigError(
            f"{role}: expected a base_url such as https://host/v1, got {public_url(base_url)!r}. Correct the recipe."
        )
    address = _ip_address(host)
    is_metadata = host in _METADATA_HOSTS or address in _METADATA_ADDRESSES
    if is_metadata or (address is not None and address.is_link_local):
        raise ConfigError(
            f"{role}: {public_url(base_url)} is a link-local or cloud metadata address, where no model should stand. "
            "Correct base_url."
        )
    if base_url.lower().startswith("http://") and not is_loopback(base_url):
        log.warning("%s: %s is not encrypted: the key and all texts can be read on the way", role, public_url(base_url))


def _host(url: str) -> str:
    """The machine that a URL leads to; empty where it is no URL."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is, in every spelling that a resolver takes: `169.254.1.2`, `0xa9fe0102`, `::ffff:…`."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        try:
            address = ipaddress.ip_address(socket.inet_aton(host))
        except (OSError, ValueError):
            return None
    return getattr(address, "ipv4_mapped", None) or address
