"""The order of the stages, which of them are up to date, and going on where a killed run was."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import yaml

from supercorrect.budget import Budget
from supercorrect.cluster import Cluster
from supercorrect.config import Recipe
from supercorrect.context import StageContext
from supercorrect.errors import ConfigError, StorageError
from supercorrect.installation import installed_versions
from supercorrect.manifest import Manifest, StageEntry
from supercorrect.models.endpoint import hide_logins
from supercorrect.paper.building import write_tables
from supercorrect.progress import Reporter
from supercorrect.report.writing import write_report
from supercorrect.run_folder import RunFolder, fingerprint_of
from supercorrect.stage_builder import Stage
from supercorrect.stage_order import build_stages
from supercorrect.store import RequestStore, RunLock, write_text_atomic
from supercorrect.student_profile import write_profile
from supercorrect.training.arguments import require_reporters


class Pipeline:
    """One run of a recipe in its folder.

    Attributes:
        cluster: Where sampling, grading and training are done. None: in this process.
    """

    def __init__(self, recipe: Recipe, reporter: Reporter) -> None:
        self.recipe = recipe
        self.folder = RunFolder(recipe.run_folder)
        self.stages = build_stages(recipe)
        self._reporter = reporter
        self.cluster: Cluster | None = None

    def plan(self, manifest: Manifest, first: str | None = None) -> dict[str, str]:
        """What each stage is: `up to date`, or why it will run.

        Args:
            manifest: The state of the run.
            first: Stages from this one on run again even if they are up to date.
        """
        plan: dict[str, str] = {}
        forced = False
        for stage in self.stages:
            forced = forced or stage.name == first
            entry = manifest.stages.get(stage.name)
            stale = [need for need in stage.needs if plan[need] != "up to date"]
            if forced:
                plan[stage.name] = "asked for"
            elif entry is None:
                plan[stage.name] = "new"
            elif stale:
                plan[stage.name] = f"after {', '.join(stale)}"
            elif entry.fingerprint != self._fingerprint(stage, manifest):
                plan[stage.name] = "changed"
            else:
                plan[stage.name] = "up to date" if self.folder.has(entry.outputs) else "outputs missing"
        return plan

    def run(self, *, until: str | None = None, first: str | None = None, force: bool = False) -> Manifest:
        """Run what is not up to date.

        Args:
            until: The last stage to run; None runs all and writes the report and the recipe's tables.
            first: The stage from which on everything runs again.
            force: Train in spite of what the pre-flight of the pairs finds.

        Raises:
            ConfigError: There is no stage of that name.
            InputError: A link stands in the run's folder.
            RunLockedError: Another process is at work in the folder.
        """
        self._check_names(until, first)
        require_reporters(self.recipe.report_to)
        self.folder.require_no_links()
        path = self.folder.root / "store.sqlite"
        with RunLock(self.folder.root), self._open_manifest() as manifest, RequestStore(path) as store:
            self._write_recipe()
            self._reporter.watch = self.folder.write_progress
            self.folder.log_event("run_started", stages=[stage.name for stage in self.stages])
            budget = Budget(self.recipe.max_cost_usd, store.spent_usd())
            again = False
            for stage in self.stages:
                again = again or stage.name == first
                if again or not self._is_up_to_date(stage, manifest):
                    self._apply_threads()
                    context = self._context(stage, manifest, store, budget, force=force)
                    self._run_stage(stage, manifest, context)
                else:
                    self._reporter.say(f"{stage.name}: up to date")
                self._write_profile(stage.name)
                if stage.name == until:
                    return manifest
            if self._is_whole:
                write_report(self.recipe, self.folder, manifest)
            write_tables(self.recipe, self.folder)
        return manifest

    @contextmanager
    def _open_manifest(self) -> Iterator[Manifest]:
        """The manifest: under way it vouches for finished stages alone, and again for all files when the run ends."""
        manifest = self.folder.read_manifest()
        manifest.recipe_name, manifest.versions = self.recipe.name, installed_versions()
        if manifest.files:
            manifest.files = {}
            self.folder.write_manifest(manifest)
        try:
            yield manifest
        except BaseException:
            with suppress(StorageError):  # what has stopped the run is what its user has to know
                self._vouch_for_files(manifest)
            raise
        self._vouch_for_files(manifest)

    def _vouch_for_files(self, manifest: Manifest) -> None:
        manifest.files = self.folder.describe_own_files()
        self.folder.write_manifest(manifest)

    @property
    def _is_whole(self) -> bool:
        """Whether all that the report tells of is there: a recipe with `tables` may leave stages out."""
        return {"thoughts", "corrections", "pairs"} <= {stage.name for stage in self.stages}

    def _is_up_to_date(self, stage: Stage, manifest: Manifest) -> bool:
        entry = manifest.stages.get(stage.name)
        if entry is None or entry.fingerprint != self._fingerprint(stage, manifest):
            return False
        intact = self.folder.has_intact(entry.outputs)
        if not intact:
            self._reporter.say(f"{stage.name}: what it wrote is missing or damaged, and is made again")
        return intact

    def _context(
        self, stage: Stage, manifest: Manifest, store: RequestStore, budget: Budget, *, force: bool
    ) -> StageContext:
        fingerprint = self._fingerprint(stage, manifest)
        return StageContext(
            self.recipe,
            self.folder,
            store,
            self._reporter,
            stage.name,
            fingerprint,
            force=force,
            budget=budget,
            cluster=self.cluster,
        )

    def _run_stage(self, stage: Stage, manifest: Manifest, context: StageContext) -> None:
        self.folder.log_event("stage_started", stage=stage.name)
        begun = time.monotonic()
        try:
            with context.servers:
                counts, outputs = stage.run(context)
        except BaseException as error:
            self.folder.log_event("stage_stopped", stage=stage.name, error=f"{type(error).__name__}: {error}"[:2000])
            raise
        seconds = time.monotonic() - begun
        manifest.stages[stage.name] = StageEntry(
            fingerprint=context.fingerprint,
            seconds=round(seconds, 2),
            **{"in": counts.inputs},
            kept=counts.kept,
            rejected=counts.rejected,
            outputs=self.folder.describe(outputs),
            input_tokens=counts.input_tokens,
            output_tokens=counts.output_tokens,
            usd=counts.usd,
        )
        self.folder.write_manifest(manifest)
        self.folder.log_event("stage_finished", stage=stage.name, seconds=round(seconds, 2))
        refused = ", ".join(f"{count} {reason}" for reason, count in counts.rejected.items())
        self._reporter.say(
            f"{stage.name}: {counts.kept} of {counts.inputs} in {seconds:.1f} s" + (f" ({refused})" if refused else "")
        )

    def _write_profile(self, arm: str) -> None:
        """Where a stage has trained a student, put beside it how it is to be asked."""
        if self.folder.model(arm).is_dir():
            write_profile(self.recipe, arm, self.folder.model(arm))

    def _fingerprint(self, stage: Stage, manifest: Manifest) -> str:
        """Hash of a stage's settings and of everything that the stages before it wrote for it."""
        inputs = {
            need: {path: output.sha256 for path, output in manifest.stages[need].outputs.items()}
            for need in stage.needs
            if need in manifest.stages
        }
        return fingerprint_of([stage.name, stage.settings, inputs])

    def _check_names(self, *names: str | None) -> None:
        known = [stage.name for stage in self.stages]
        for name in names:
            if name is not None and name not in known:
                raise ConfigError(f"unknown stage {name!r}; expected one of {', '.join(known)}")

    def _apply_threads(self) -> None:
        if self.recipe.threads is not None:
            import torch

            torch.set_num_threads(self.recipe.threads)

    def _write_recipe(self) -> None:
        shown = hide_logins(self.recipe.model_dump(mode="json"))  # a run folder is given away, a password is not
        text = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True)
        write_text_atomic(self.folder.root / "recipe.yaml", text)
