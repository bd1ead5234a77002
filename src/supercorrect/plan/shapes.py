"""What a model's configuration says about its size, without a weight loaded."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supercorrect.models.weights import resolve_model_path

FAMILIES = ("llama", "mistral", "qwen2", "qwen3")
"""Model types whose layers are those that `ModelShape` counts."""
_QKV_BIAS = {"qwen2": True}


@dataclass(frozen=True)
class ModelShape:
    """A decoder of the Llama kind: attention with shared keys and values, a gated MLP, RMS norms.

    Attributes:
        query_width: Heads times their size; `key_width` the same for keys, and for values.
        qkv_bias: Whether queries, keys and values have a bias.
        head_norms: Whether queries and keys are normed, head by head (Qwen3).
        is_tied: Whether the head shares its weights with the embedding.
    """

    hidden: int
    layers: int
    head_size: int
    query_width: int
    key_width: int
    intermediate: int
    vocabulary: int
    qkv_bias: bool
    head_norms: bool
    is_tied: bool

    @property
    def linear_sizes(self) -> tuple[tuple[int, int], ...]:
        """Inputs and outputs of a layer's linear maps."""
        h, q, k, i = self.hidden, self.query_width, self.key_width, self.intermediate
        return (h, q), (h, k), (h, k), (q, h), (h, i), (h, i), (i, h)

    @property
    def layer_parameters(self) -> int:
        """Of one layer."""
        biases = self.query_width + 2 * self.key_width if self.qkv_bias else 0
        norms = 2 * self.hidden + (2 * self.head_size if self.head_norms else 0)
        return sum(a * b for a, b in self.linear_sizes) + biases + norms

    @property
    def outer_parameters(self) -> int:
        """Embedding, head and last norm."""
        return self.vocabulary * self.hidden * (1 if self.is_tied else 2) + self.hidden

    @property
    def parameters(self) -> int:
        """All of them."""
        return self.layers * self.layer_parameters + self.outer_parameters

    @property
    def multiplied(self) -> int:
        """Parameters that each token is multiplied with: all but the embedding, which is looked up."""
        return self.layers * self.layer_parameters + self.vocabulary * self.hidden

    def adapter_parameters(self, rank: int) -> int:
        """Of low-rank adapters on all linear maps but the head."""
        return self.layers * rank * sum(a + b for a, b in self.linear_sizes)


def read_shape(model: str, revision: str | None) -> tuple[ModelShape | None, str]:
    """A model's shape from its `config.json`, in its folder or on the hub.

    Returns:
        The shape and where it is from; or None, and why it is unknown.
    """
    path = Path(resolve_model_path(model)) / "config.json"
    where = str(path)
    if not path.is_file():
        from huggingface_hub import hf_hub_download

        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
        try:
            path = Path(hf_hub_download(model, "config.json", revision=revision, etag_timeout=5))
        except Exception as error:  # noqa: BLE001  # offline, gated, no such model: all of it leaves the shape unknown
            return None, f"the configuration of {model} cannot be read ({type(error).__name__})"
        where = f"config.json of {model} on the hub"
    try:
        return shape_of(json.loads(path.read_text(encoding="utf-8"))), where
    except (ValueError, KeyError) as error:
        return None, f"{where}: {error}"


def shape_of(config: dict[str, Any]) -> ModelShape:
    """The shape that a configuration describes.

    Raises:
        ValueError: It is of another family; KeyError: it lacks a size.
    """
    family = config.get("model_type")
    if family not in FAMILIES:
        raise ValueError(f"expected a model type of {', '.join(FAMILIES)}, got {family!r}")
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    head_size = config.get("head_dim") or hidden // heads
    return ModelShape(
        hidden=hidden,
        layers=config["num_hidden_layers"],
        head_size=head_size,
        query_width=heads * head_size,
        key_width=(config.get("num_key_value_heads") or heads) * head_size,
        intermediate=config["intermediate_size"],
        vocabulary=config["vocab_size"],
        qkv_bias=_QKV_BIAS.get(family, False),
        head_norms=family == "qwen3",
        is_tied=bool(config.get("tie_word_embeddings", False)),
    )
