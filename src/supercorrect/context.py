"""What every stage is handed: the recipe, the run's folder and store, and somewhere to show progress."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field

from supercorrect.budget import Budget
from supercorrect.cluster import Cluster
from supercorrect.config import EndpointConfig, Recipe
from supercorrect.progress import Reporter
from supercorrect.run_folder import RunFolder, seed_of
from supercorrect.store import RequestStore


@dataclass(frozen=True)
class StageContext:
    """Handed to a stage's `run`.

    Attributes:
        stage: The stage's name in this run.
        fingerprint: Hash of its settings and inputs; what a stage leaves half done is only resumed under the same one.
        force: Whether to train in spite of what the pre-flight found.
        budget: What the run may spend, shared by all its stages and roles.
        servers: Ends what was served for this stage.
        serving: The endpoint that is served now, by what it was asked for.
        cluster: Where sampling, grading and training are done. None: in this process.
    """

    recipe: Recipe
    folder: RunFolder
    store: RequestStore
    reporter: Reporter
    stage: str
    fingerprint: str
    force: bool = False
    budget: Budget = field(default_factory=Budget)
    servers: ExitStack = field(default_factory=ExitStack)
    serving: dict[str, EndpointConfig] = field(default_factory=dict)
    cluster: Cluster | None = None

    @property
    def seed(self) -> int:
        """A seed of this stage's own: another stage's draws never depend on it."""
        return seed_of([self.recipe.seed, self.stage])

    def student_model(self, arm: str) -> str:
        """Where an arm's model stands: the recipe's own for `base`, else what its training left."""
        return self.recipe.student.model if arm == "base" else str(self.folder.model(arm))
