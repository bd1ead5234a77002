"""GGUF, by llama.cpp's own converter, which the user installs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from supercorrect.errors import InputError

LLAMA_CPP = "LLAMA_CPP"
"""The environment variable with llama.cpp's folder."""
SCRIPT = "convert_hf_to_gguf.py"
LAST_LINES = 5


def find_converter() -> Path:
    """The converter: in the folder that `LLAMA_CPP` names, or on the PATH.

    Raises:
        InputError: It is in neither.
    """
    folder = os.environ.get(LLAMA_CPP)
    found = str(Path(folder) / SCRIPT) if folder else shutil.which(SCRIPT)
    if found is None or not Path(found).is_file():
        raise InputError(
            f"--gguf: expected llama.cpp's {SCRIPT} {f'in {folder}' if folder else 'on the PATH'}, found none. Clone "
            f"https://github.com/ggml-org/llama.cpp, install its requirements, and set {LLAMA_CPP} to its folder."
        )
    return Path(found)


def convert_to_gguf(model: Path, name: str) -> Path:
    """Write `NAME.gguf` into a model's folder, whole or not at all.

    Raises:
        InputError: There is no converter, or it cannot convert this model.
    """
    converter = find_converter()
    output = model / f"{name}.gguf"
    unfinished = output.with_name(f".{output.name}.unfinished")
    command = [sys.executable, str(converter), str(model), "--outfile", str(unfinished), "--outtype", "auto"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode or not unfinished.is_file():
        unfinished.unlink(missing_ok=True)
        said = "\n".join(result.stderr.splitlines()[-LAST_LINES:])
        raise InputError(f"--gguf: {converter} could not convert {model} (exit code {result.returncode}): {said}")
    unfinished.replace(output)
    return output
