"""Making every data set of a run again from its stored responses, and comparing byte for byte.

Nobody is asked and no model samples: what they wrote is in the store, and trained models are the run's.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from supercorrect.config import SPLITS, Recipe, load_recipe
from supercorrect.context import StageContext
from supercorrect.errors import InputError, SuperCorrectError
from supercorrect.integrity.recorded import RecordedResponses, without_endpoints
from supercorrect.manifest import Manifest, OutputFile, StageEntry
from supercorrect.progress import Reporter
from supercorrect.report.writing import write_report
from supercorrect.run_folder import RunFolder
from supercorrect.stage_builder import Stage
from supercorrect.stage_order import build_stages
from supercorrect.store import RunLock

State = Literal["same", "different", "taken over", "not made"]
REPORT = ("metrics.json", "report.md", "report.html")


@dataclass(frozen=True)
class Replayed:
    """What became of one stage, or of the report.

    Attributes:
        files: How many files were made again.
        detail: What differs, or why nothing was made.
    """

    name: str
    state: State
    files: int = 0
    detail: str = ""


def replay_run(run: RunFolder, output: Path, reporter: Reporter) -> Iterator[Replayed]:
    """Make a run's data sets again in another folder; one result a stage, as it comes.

    Args:
        output: Receives the data sets; an empty folder, or none yet.

    Raises:
        InputError: It is no run folder.
        RunLockedError: The run goes on.
    """
    if not run.manifest_path.is_file():
        raise InputError(f"not a run folder: expected {run.manifest_path}; name one that `supercorrect run` wrote")
    with RunLock(run.root), RecordedResponses(run.root / "store.sqlite") as store:
        manifest = run.read_manifest()
        recipe = load_recipe(run.root / "recipe.yaml")
        folder = RunFolder(output)
        folder.root.mkdir(parents=True, exist_ok=True)
        if run.decisions.exists():
            shutil.copyfile(run.decisions, folder.decisions)
        nobody = without_endpoints(recipe.model_copy(update={"output_dir": str(output)}))
        stages = [stage for stage in build_stages(nobody) if stage.name in manifest.stages]
        for stage in stages:
            entry = manifest.stages[stage.name]
            context = StageContext(nobody, folder, store, reporter, stage.name, entry.fingerprint)
            yield _replay_stage(stage, entry, context, run)
        if set(REPORT) <= set(manifest.files):
            yield _replay_report(recipe, folder, manifest)


def _replay_stage(stage: Stage, entry: StageEntry, context: StageContext, run: RunFolder) -> Replayed:
    if any(name.startswith("checkpoints/") for name in entry.outputs):
        return _take_over_model(stage.name, entry, context.folder, run)
    if stage.name == "problems" and not _has_sources(context.recipe):
        for name in entry.outputs:
            (context.folder.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(run.root / name, context.folder.root / name)
        return Replayed(stage.name, "taken over", detail="the problem sets that it was made from are not here")
    try:
        _, outputs = stage.run(context)
    except SuperCorrectError as error:
        return Replayed(stage.name, "not made", detail=str(error))
    made = context.folder.describe(outputs)
    differing = _differing(made, entry.outputs)
    return Replayed(stage.name, "different" if differing else "same", len(made), ", ".join(differing))


def _take_over_model(name: str, entry: StageEntry, folder: RunFolder, run: RunFolder) -> Replayed:
    """Let the run's trained model, and its curve, stand in the other folder."""
    for arm in sorted({Path(output).parts[1] for output in entry.outputs}):
        place = folder.model(arm).parent
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(run.model(arm).parent.resolve(), target_is_directory=True)
    return Replayed(name, "taken over", detail="a trained model")


def _replay_report(recipe: Recipe, folder: RunFolder, manifest: Manifest) -> Replayed:
    try:
        write_report(recipe, folder, manifest)
    except SuperCorrectError as error:
        return Replayed("report", "not made", detail=str(error))
    made = folder.describe([folder.root / name for name in REPORT])
    differing = _differing(made, {name: manifest.files[name] for name in REPORT})
    return Replayed("report", "different" if differing else "same", len(made), ", ".join(differing))


def _differing(made: dict[str, OutputFile], expected: dict[str, OutputFile]) -> list[str]:
    return sorted(name for name in made.keys() | expected.keys() if made.get(name) != expected.get(name))


def _has_sources(recipe: Recipe) -> bool:
    """Whether all problems can be read again without a network."""
    sets = [one for split in (*SPLITS, "decontaminate_against") for one in recipe.problems.sets_of(split)]
    return all(one.make or (one.path and Path(one.path).is_file()) for one in sets)
