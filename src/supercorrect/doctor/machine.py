"""The machine: Python, packages, GPUs, disk. Nothing here needs torch."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from supercorrect.amounts import gigabytes
from supercorrect.doctor.finding import Finding

OLDEST_PYTHON = (3, 11)
TRAINING_PACKAGES = ("torch", "transformers", "trl", "accelerate", "peft", "datasets", "safetensors")
LEAST_FREE_BYTES = 200_000_000
"""Below it the request store takes no more."""
SPARE_BYTES = 5_000_000_000
"""Below it a few checkpoints fill the disk."""
_LOOK_AT_GPUS = ("nvidia-smi", "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits")
_MEBIBYTE = 2**20


@dataclass(frozen=True)
class Gpu:
    """A GPU, as the driver lists it."""

    name: str
    memory_bytes: int
    free_bytes: int


def look_at_python() -> Finding:
    """The interpreter."""
    found = f"{platform.python_version()}, {sys.executable}"
    if sys.version_info < OLDEST_PYTHON:
        return Finding("Python", "problem", found, f"install Python {'.'.join(map(str, OLDEST_PYTHON))} or newer")
    return Finding("Python", "ok", found)


def look_at_training() -> Finding:
    """The packages that trainings and the embedded engine need."""
    missing = [name for name in TRAINING_PACKAGES if find_spec(name) is None]
    if missing:
        return Finding(
            "training", "problem", f"not installed: {', '.join(missing)}", 'pip install "supercorrect[train]"'
        )
    return Finding("training", "ok", ", ".join(f"{name} {_version(name)}" for name in TRAINING_PACKAGES))


def list_gpus() -> list[Gpu]:
    """The GPUs that NVIDIA's driver knows; none where there is no driver."""
    if shutil.which(_LOOK_AT_GPUS[0]) is None:
        return []
    listed = subprocess.run(_LOOK_AT_GPUS, capture_output=True, text=True, check=False, timeout=30)
    rows = [line.rsplit(",", 2) for line in listed.stdout.splitlines() if listed.returncode == 0]
    return [Gpu(name.strip(), int(memory) * _MEBIBYTE, int(free) * _MEBIBYTE) for name, memory, free in rows]


def look_at_gpus(gpus: list[Gpu]) -> list[Finding]:
    """Each GPU, and whether torch can use them."""
    if not gpus:
        return [Finding("GPU", "note", "none that NVIDIA's driver lists; models run on the CPU")]
    findings = [
        Finding(f"GPU {i}", "ok", f"{gpu.name}, {gigabytes(gpu.memory_bytes)}, {gigabytes(gpu.free_bytes)} free")
        for i, gpu in enumerate(gpus)
    ]
    if find_spec("torch") is None:
        return findings
    import torch

    if torch.cuda.is_available():
        return [*findings, Finding("CUDA", "ok", f"torch is built for CUDA {torch.version.cuda} and can use it")]
    fix = "install the build of torch for the driver's CUDA: https://pytorch.org/get-started/locally"
    return [*findings, Finding("CUDA", "problem", f"torch {torch.__version__} cannot use the GPUs", fix)]


def look_at_vllm(gpus: list[Gpu], *, is_needed: bool) -> Finding:
    """VLLM, which engine `vllm` needs."""
    if find_spec("vllm") is None:
        fix = 'pip install "supercorrect[train,vllm]"'
        return Finding("vLLM", "problem" if is_needed else "note", "not installed", fix if is_needed else "")
    if is_needed and not gpus:
        return Finding("vLLM", "problem", f"{_version('vllm')}, and no GPU", "write `engine: transformers`")
    return Finding("vLLM", "ok", _version("vllm"))


def look_at_flash_attention() -> Finding:
    """Flash attention, which is used where it is installed."""
    if find_spec("flash_attn") is None:
        return Finding("flash attention", "note", "not installed; PyTorch's own attention is used")
    return Finding("flash attention", "ok", _version("flash_attn"))


def look_at_disk(folder: Path) -> Finding:
    """Room where a run is kept.

    Args:
        folder: The run's folder; it need not exist yet.
    """
    place = next(path for path in (folder.resolve(), *folder.resolve().parents) if path.is_dir())
    free = shutil.disk_usage(place).free
    found = f"{gigabytes(free)} free at {place}"
    if free < LEAST_FREE_BYTES:
        return Finding("disk", "problem", found, "free some space, or set output_dir to another disk")
    if free < SPARE_BYTES:
        return Finding(
            "disk", "note", found, "a few checkpoints of a large student fill it; set output_dir to more room"
        )
    return Finding("disk", "ok", found)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(no version)"
