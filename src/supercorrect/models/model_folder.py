"""What must hold of a model's folder before its weights are loaded: they are safetensors, and no code comes along."""

from __future__ import annotations

import json
from pathlib import Path, PurePath
from typing import Any

from supercorrect.errors import InputError

PICKLES = frozenset((".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt"))
INDEX = "model.safetensors.index.json"


def require_safe_weights(folder: Path) -> None:
    """Let pass what loads without running code of its own; files that nothing loads may stand beside it.

    Raises:
        InputError: The weights are pickles, an index leads out of the folder, or the attention is code from the hub.
    """
    if not any(folder.glob("*.safetensors")):
        pickles = sorted(file.name for file in folder.iterdir() if file.suffix in PICKLES)
        if pickles:
            raise InputError(
                f"{folder}: expected weights as *.safetensors, got {pickles[0]}, a pickle, which runs whatever code "
                "its author put in it. Take the model from somewhere that has safetensors; or, where you trust the "
                "author, convert it: AutoModelForCausalLM.from_pretrained(folder).save_pretrained(other_folder)."
            )
    for shard in set(_read(folder / INDEX).get("weight_map", {}).values()):
        if not isinstance(shard, str) or PurePath(shard).name != shard or not shard.endswith(".safetensors"):
            raise InputError(f"{folder / INDEX}: expected names of *.safetensors files beside it, got {shard!r}")
    for name, value in _read(folder / "config.json").items():
        if "attn_implementation" in name and "/" in str(value):
            raise InputError(
                f"{folder}: its config.json sets {name} to {value!r}, which is compiled code from the hub; expected "
                "eager, sdpa or none. Take the line out."
            )


def _read(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is no such file, or it is no object: what is wrong with it, its loader says."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
