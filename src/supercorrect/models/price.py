"""What an endpoint's tokens cost: the recipe's price, or the list price that `genai-prices` has for the model."""

from __future__ import annotations

from typing import Any

from supercorrect.config import EndpointConfig, PriceConfig
from supercorrect.models.endpoint import given_url, is_loopback

_TOKENS = 1_000  # below the length from which some models cost more


def find_price(endpoint: EndpointConfig) -> tuple[PriceConfig | None, str]:
    """The price of single requests, and where it is from. None: unknown, which is never taken for 0.

    A server that the recipe starts, or that runs on this machine, has no list price, whatever its model is called.
    """
    if endpoint.price is not None:
        return endpoint.price, "the recipe"
    url = given_url(endpoint)
    if endpoint.serve is not None or is_loopback(url):
        return None, "unknown: a server on this machine has no list price; write `price` into the recipe"
    for named in ({"provider_api_url": url}, {}):  # by the seller, or else by the model's name alone
        found = _list_price(endpoint.model, **named)
        if found is not None:
            return found
    return None, f"unknown: genai-prices has none for {endpoint.model!r}; write `price` into the recipe"


def with_charged_price(endpoint: EndpointConfig) -> EndpointConfig:
    """The endpoint with the price that its requests are charged at, in batches or one by one."""
    price, _ = find_price(endpoint)
    if price is not None and endpoint.batch is not None:
        price = times(price, endpoint.batch.price_factor)
    return endpoint.model_copy(update={"price": price})


def times(price: PriceConfig, factor: float) -> PriceConfig:
    """A share of a price."""
    return PriceConfig(
        input_usd_per_million_tokens=factor * price.input_usd_per_million_tokens,
        output_usd_per_million_tokens=factor * price.output_usd_per_million_tokens,
    )


def _list_price(model: str, **named: Any) -> tuple[PriceConfig, str] | None:
    from genai_prices import Usage, calc_price  # a quarter of a second, and only where it is needed

    try:
        found = calc_price(Usage(input_tokens=_TOKENS, output_tokens=_TOKENS), model, **named)
    except LookupError:
        return None
    price = PriceConfig(
        input_usd_per_million_tokens=float(found.input_price) * 1_000_000 / _TOKENS,
        output_usd_per_million_tokens=float(found.output_price) * 1_000_000 / _TOKENS,
    )
    return price, f"genai-prices, {found.provider.id}/{found.model.id}" + ("" if named else " (by name alone)")
