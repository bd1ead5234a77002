"""A student's files: where they stand, their hash, its tokenizer and its weights."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any

from supercorrect.errors import InputError, StorageError
from supercorrect.models.model_folder import require_safe_weights
from supercorrect.package_files import package_folder
from supercorrect.store import file_sha256

_MALFORMED = (OSError, ValueError, LookupError, TypeError, AttributeError, ImportError, RuntimeError)
"""What transformers and tokenizers raise where a file of a model is not what they expect."""


def resolve_model_path(model: str) -> str:
    """A folder for `package:folder`; anything else, a folder or a hub id, as it is.

    Raises:
        InputError: There is no such package.
    """
    package, separator, inner = model.partition(":")
    if not separator:
        return model
    try:
        return str(package_folder(package) / inner)
    except ModuleNotFoundError as error:
        raise _not_a_model(model, error) from error


def load_tokenizer(model: str, revision: str | None = None) -> Any:
    """A student's tokenizer.

    Raises:
        InputError: The folder is no model.
    """
    from transformers import AutoTokenizer

    _quieten_libraries()
    path = resolve_model_path(model)
    try:
        return AutoTokenizer.from_pretrained(path, revision=revision, trust_remote_code=False)
    except _MALFORMED as error:
        raise _not_a_model(model, error) from error


def load_model(model: str, revision: str | None = None, dtype: str = "float32", **options: Any) -> Any:
    """A student's weights, from safetensors only, ready for inference. No code of a model's own is ever run.

    Args:
        options: Further ones of `from_pretrained`, which places a quantised model itself.

    Raises:
        InputError: The folder is no model, or none that is safe to load.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    _quieten_libraries()
    path = resolve_model_path(model)
    if Path(path).is_dir():
        require_safe_weights(Path(path))
    try:
        loaded = AutoModelForCausalLM.from_pretrained(
            path,
            revision=revision,
            dtype=getattr(torch, dtype),
            use_safetensors=True,
            **options,
            trust_remote_code=False,  # left out, transformers asks at the terminal whether to run a model's code
        )
    except (*_MALFORMED, SafetensorError) as error:
        raise _not_a_model(model, error) from error
    if "quantization_config" not in options:
        loaded = loaded.to("cuda" if torch.cuda.is_available() else "cpu")
    return loaded.eval()


def end_token_ids(model: str, revision: str | None, tokenizer: Any) -> tuple[int, ...]:
    """The tokens that end a student's turn: those of its generation config, else the tokenizer's EOS token."""
    from transformers import GenerationConfig

    try:
        ends = GenerationConfig.from_pretrained(resolve_model_path(model), revision=revision).eos_token_id
    except OSError:
        ends = None
    ends = tokenizer.eos_token_id if ends is None else ends
    return tuple(ends) if isinstance(ends, list) else (int(ends),)


def model_fingerprint(model: str, revision: str | None = None) -> str:
    """A hash of a local model's files, or of a hub id and its revision."""
    folder = Path(resolve_model_path(model))
    if not folder.is_dir():
        return f"{model}@{revision or 'main'}"
    try:
        parts = [f"{file.name}:{file_sha256(file)}" for file in sorted(folder.iterdir()) if file.is_file()]
    except OSError as error:
        raise StorageError(f"model not readable: {folder}: {error}") from error
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _quieten_libraries() -> None:
    """Keep bars and advice to developers off the terminal, which shows our own progress."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")


def _not_a_model(model: str, error: Exception) -> InputError:
    return InputError(
        f"not a model: expected a folder with config.json, tokenizer files and *.safetensors, or a hub id; "
        f"got {model!r}: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
    )
