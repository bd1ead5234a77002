"""Uploading what was exported to the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path
from typing import Literal


def push_export(output: Path, repository: str, kind: Literal["dataset", "model"], *, private: bool = True) -> str:
    """Upload an exported folder, with the login that the hub's own tools use.

    Args:
        repository: owner/name; it is created where it is not there.
        private: Whether a new one is; one that is there stays what it is.

    Returns:
        Its address.
    """
    from huggingface_hub import HfApi

    api = HfApi()
    address = api.create_repo(repository, repo_type=kind, private=private, exist_ok=True)
    api.upload_folder(folder_path=str(output), repo_id=repository, repo_type=kind)
    return str(address)
