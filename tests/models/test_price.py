"""A price is the recipe's, or the seller's list price; where neither is known it is unknown, and never 0."""

from __future__ import annotations

import pytest

from supercorrect.config import EndpointConfig, PriceConfig
from supercorrect.models.price import find_price, with_charged_price

OWN = PriceConfig(input_usd_per_million_tokens=2, output_usd_per_million_tokens=8)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def test_the_recipe_comes_first() -> None:
    assert find_price(EndpointConfig(model="gpt-4o-mini", price=OWN)) == (OWN, "the recipe")


@pytest.mark.parametrize("url", [None, "https://api.openai.com/v1", "https://gateway.example/v1"])
def test_a_list_price_is_found_by_seller_and_by_name(url: str | None) -> None:
    price, basis = find_price(EndpointConfig(model="gpt-4o-mini", base_url=url))
    assert price is not None and price.input_usd_per_million_tokens == pytest.approx(0.15)
    assert price.output_usd_per_million_tokens == pytest.approx(0.60)
    assert basis.startswith("genai-prices, openai/gpt-4o-mini")
    assert basis.endswith("(by name alone)") == (url == "https://gateway.example/v1")


@pytest.mark.parametrize(
    "endpoint",
    [
        EndpointConfig(model="no-such-model"),
        EndpointConfig(model="gpt-4o-mini", base_url="http://127.0.0.1:8000/v1"),
        EndpointConfig(model="gpt-4o-mini", serve=("vllm",)),
    ],
    ids=["unknown model", "this machine", "served"],
)
def test_what_is_unknown_stays_unknown(endpoint: EndpointConfig) -> None:
    price, basis = find_price(endpoint)
    assert price is None and basis.startswith("unknown: ")
    assert with_charged_price(endpoint).price is None


def test_a_batch_is_charged_by_its_factor() -> None:
    charged = with_charged_price(EndpointConfig(model="m", price=OWN, batch={"price_factor": 0.25})).price
    assert charged == PriceConfig(input_usd_per_million_tokens=0.5, output_usd_per_million_tokens=2)
    assert with_charged_price(EndpointConfig(model="m", price=OWN)).price == OWN
