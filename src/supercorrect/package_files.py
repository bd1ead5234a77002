"""Files inside installed packages, found without importing them: a name that stands in a recipe runs no code."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def package_folder(package: str) -> Path:
    """The folder of a package such as `supercorrect.sandbox`; nothing of it is imported.

    Raises:
        ModuleNotFoundError: There is no such package.
    """
    top, *inner = package.split(".")
    try:
        spec = find_spec(top)  # of a name without dots: only of a submodule would it import the parent
    except ValueError:
        spec = None
    places = spec.submodule_search_locations if spec else None
    folder = Path(next(iter(places)), *inner) if places else None
    if folder is None or not folder.is_dir():
        raise ModuleNotFoundError(f"no package {package!r} is installed")
    return folder
