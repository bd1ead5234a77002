"""What a recipe asks of a machine, stage by stage, before anything runs: memory, hours, dollars, disk."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from supercorrect.config import HardwareConfig, Recipe, TrainingConfig
from supercorrect.errors import ConfigError, InputError
from supercorrect.estimate import Estimate, Figure, estimate_recipe
from supercorrect.plan.fitting import Setting, refuse, refuse_sampling, usable_bytes
from supercorrect.plan.hours import sampling_hours, training_hours
from supercorrect.plan.memory import Part, sampling_memory
from supercorrect.plan.rows import count_problems, demonstration_tokens
from supercorrect.plan.shapes import ModelShape, read_shape
from supercorrect.plan.trainings import Sampling, longest_side, samplings_of, trainings_of

ASSUMED_PROMPT_TOKENS = 512
CHECKPOINTS = 3
"""Two are kept, and a third stands beside them while it is written."""
STORED_BYTES_PER_TOKEN = 20
"""Text and id of a sampled token, in the store and in the stage's records."""


@dataclass(frozen=True)
class StagePlan:
    """What one stage will take. None: unknown, and `notes` say why; an empty `memory`: it needs no model here.

    Attributes:
        state: `up to date`, or why it will run.
        memory: Of one device, part by part.
        disk: Bytes that it leaves behind, with what it needs while it runs.
    """

    stage: str
    state: str
    memory: tuple[Part, ...] = ()
    hours: Figure | None = None
    usd: Figure | None = None
    disk: Figure | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """A recipe's plan.

    Attributes:
        refusals: What cannot fit, each with the nearest thing that does.
        basis: What all figures rest on.
    """

    stages: tuple[StagePlan, ...]
    hardware: HardwareConfig
    usable_bytes: float | None
    refusals: tuple[str, ...]
    basis: tuple[str, ...]


@dataclass(frozen=True)
class _Planner:
    """Plans stages of one recipe; `shape` None: unknown."""

    recipe: Recipe
    shape: ModelShape | None
    refusals: list[str] = field(default_factory=list)

    def plan_training(self, plan: StagePlan, config: TrainingConfig) -> StagePlan:
        shape, hardware = self.shape, self.recipe.hardware
        if shape is None:
            return plan
        setting = Setting(shape, config, self.recipe.student, hardware, longest_side(self.recipe, plan.stage))  # type: ignore[arg-type]
        refused = refuse(plan.stage, setting) if plan.state != "up to date" else None
        if refused:
            self.refusals.append(refused)
        tokens, why = demonstration_tokens(self.recipe, plan.stage, config)
        hours = training_hours(shape, config, hardware, tokens) if tokens else None
        notes = () if tokens else (f"hours: {why}",)
        return replace(
            plan,
            memory=tuple(setting.parts()),
            hours=hours,
            usd=self._rent(hours, hardware.devices),
            disk=_training_disk(shape, config),
            notes=notes,
        )

    def plan_sampling(self, plan: StagePlan, sampling: Sampling) -> StagePlan:
        shape, student = self.shape, self.recipe.student
        if shape is None:
            return plan
        parts = sampling_memory(
            shape, student, prompt_tokens=ASSUMED_PROMPT_TOKENS, max_new_tokens=sampling.max_new_tokens
        )
        refused = refuse_sampling(plan.stage, student, self.recipe.hardware, parts)
        if refused and plan.state != "up to date":
            self.refusals.append(refused)
        problems, why = count_problems(self.recipe, sampling.split)
        if problems is None or sampling.prompts is None:
            why = why if problems is None else "how many steps are reviewed is known when the solutions are"
            return replace(plan, memory=tuple(parts), notes=(f"hours and disk: {why}",))
        prompts = problems.times(Figure.exact(sampling.prompts, problems.basis)).because(
            f"{problems.value:,.0f} problems, {sampling.prompts} prompts each"
        )
        hours = sampling_hours(shape, student, self.recipe.hardware, prompts, sampling.max_new_tokens)
        most = STORED_BYTES_PER_TOKEN * sampling.max_new_tokens
        disk = prompts.times(Figure(0, most, most, "")).because(f"at most: {sampling.max_new_tokens} tokens a solution")
        return replace(plan, memory=tuple(parts), hours=hours, usd=self._rent(hours, 1), disk=disk)

    def _rent(self, hours: Figure | None, devices: int) -> Figure | None:
        price = self.recipe.hardware.usd_per_gpu_hour
        if hours is None or price is None:
            return None
        return hours.times(Figure.exact(devices * price, hours.basis)).because(f"{devices} GPUs at ${price:g} an hour")


def make_plan(recipe: Recipe, states: dict[str, str]) -> Plan:
    """Plan a recipe from its model's configuration, its problem sets and its `hardware`; nothing is loaded or asked.

    Args:
        states: Of each stage, in order: `up to date`, or why it will run.
    """
    shape, where = read_shape(recipe.student.model, recipe.student.revision)
    planner = _Planner(recipe, shape)
    trainings, samplings = trainings_of(recipe), samplings_of(recipe)
    estimate, why = _estimate(recipe)
    asked = {stage.stage: stage for stage in estimate.stages} if estimate else {}
    stages = []
    for name, state in states.items():
        plan = StagePlan(name, state)
        if name in trainings:
            plan = planner.plan_training(plan, trainings[name])
        elif name in samplings:
            plan = planner.plan_sampling(plan, samplings[name])
        elif name in asked:
            in_batches = recipe.teacher.batch is not None
            usd = asked[name].usd_in_batches if in_batches else asked[name].usd
            plan = replace(plan, usd=usd, notes=("hours: a teacher's pace is not known",))
        elif "corrections" in name or name.startswith("thoughts"):
            plan = replace(plan, notes=(f"cost: {why}",))
        stages.append(plan)
    basis = [f"student: {f'{shape.parameters:,} parameters, ' if shape else ''}{where}"]
    if recipe.hardware.gpu is None:
        basis.append("hardware.gpu is not stated: no hours, and nothing is refused for its memory")
    if recipe.hardware.usd_per_gpu_hour is None:
        basis.append("hardware.usd_per_gpu_hour is not stated: only the teacher's dollars are in the plan")
    return Plan(tuple(stages), recipe.hardware, usable_bytes(recipe.hardware), tuple(planner.refusals), tuple(basis))


def _estimate(recipe: Recipe) -> tuple[Estimate | None, str]:
    try:
        return estimate_recipe(recipe), "asked as often as the stage before it finds cause; see `supercorrect estimate`"
    except (InputError, ConfigError) as error:
        return None, str(error)


def _training_disk(shape: ModelShape, config: TrainingConfig) -> Figure:
    trained = shape.parameters if config.lora is None else shape.adapter_parameters(config.lora.r)
    size = CHECKPOINTS * 12 * trained + 4 * shape.parameters
    basis = f"{CHECKPOINTS} checkpoints of {trained:,} parameters with AdamW's state, and the model, in fp32"
    return Figure.exact(size, basis)
