"""Whether a training fits a device, and if not, the nearest change to the recipe with which it does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from supercorrect.config import GPUS, CrossDPOConfig, HardwareConfig, LoraConfig, StudentConfig, SupervisedConfig
from supercorrect.config.training import largest_part
from supercorrect.plan.memory import Part, load_of, loading_memory, total, training_memory
from supercorrect.plan.shapes import ModelShape

USABLE_SHARE = 0.92
"""Of a GPU's memory; the rest is for CUDA itself and what the allocator cannot use: an assumption."""
GIB = 2**30
Training = SupervisedConfig | CrossDPOConfig


@dataclass(frozen=True)
class Setting:
    """A training as it would run: with what, on what.

    Attributes:
        side: The most tokens of one side of a pair.
    """

    shape: ModelShape
    config: Training
    student: StudentConfig
    hardware: HardwareConfig
    side: int

    def parts(self) -> list[Part]:
        """The memory of one device at the peak of a step."""
        config = self.config.on_devices(self.hardware.devices)
        return training_memory(self.shape, config, self.student, self.hardware, load_of(config, self.side))

    def peak(self) -> float:
        """In bytes, of what is known: the peak of a step, or of loading where that is higher."""
        return max(total(self.parts())[0], loading_memory(self.shape, self.config, self.student))

    def changed(self, **changes: object) -> Setting:
        """With other values of the training's section."""
        return Setting(self.shape, self.config.model_copy(update=changes), self.student, self.hardware, self.side)

    def spread(self, devices: int) -> Setting:
        """With weights, gradients and optimiser state over several devices, whose rows are those of a step before."""
        hardware = self.hardware.model_copy(update={"devices": devices, "strategy": "fsdp2"})
        steps = self.config.global_batch_size // devices
        rows = largest_part(steps, self.config.per_device_batch_size)
        config = self.config.model_copy(
            update={"per_device_batch_size": rows, "gradient_accumulation_steps": steps // rows * devices}
        )
        return Setting(self.shape, config, self.student, hardware, self.side)


def usable_bytes(hardware: HardwareConfig) -> float | None:
    """What a training may take of a device; None: the GPU is not stated."""
    return None if hardware.gpu is None else USABLE_SHARE * GPUS[hardware.gpu].memory_gib * GIB


def refuse(stage: str, setting: Setting) -> str | None:
    """Why a training cannot run, and what could; None: it fits, or there is no GPU to fit."""
    usable = usable_bytes(setting.hardware)
    peak = setting.peak()
    if usable is None or peak <= usable:
        return None
    nearest = next((said for said, other in _alternatives(setting) if other.peak() <= usable), None)
    advice = f"the nearest that fits: {nearest}" if nearest else "nothing that this plan can change makes it fit"
    return (
        f"{stage}: expected at most {usable / GIB:.1f} GiB on each {setting.hardware.gpu}, a step takes up to "
        f"{peak / GIB:.1f} GiB; {advice}"
    )


def refuse_sampling(stage: str, student: StudentConfig, hardware: HardwareConfig, parts: Sequence[Part]) -> str | None:
    """Why a student cannot be sampled, and what could; None: it fits, or there is no GPU to fit.

    Args:
        parts: The memory that all but the weights, the first of them, takes in proportion to the batch.
    """
    usable = usable_bytes(hardware)
    weights, peak = parts[0].size or 0.0, total(parts)[0]
    if usable is None or peak <= usable:
        return None
    rows = int(student.batch_size * (usable - weights) / (peak - weights))
    advice = f"the nearest that fits: student.batch_size: {rows}" if rows > 0 else "its weights alone do not fit"
    return (
        f"{stage}: expected at most {usable / GIB:.1f} GiB on a {hardware.gpu}, sampling {student.batch_size} rows "
        f"takes up to {peak / GIB:.1f} GiB; {advice}"
    )


def _alternatives(setting: Setting) -> Iterator[tuple[str, Setting]]:
    """Settings that take less, those that change least first; all but those with adapters train the very same thing."""
    yield from _lighter(setting, "")
    for devices in (2, 4, 8, 16):
        batch = setting.config.global_batch_size
        if devices >= setting.hardware.devices and batch % devices == 0:
            spread = setting.spread(devices)
            said = f"hardware: {{devices: {devices}, strategy: fsdp2}}"
            if spread.config.per_device_batch_size != setting.config.per_device_batch_size:
                said += f", {_batches(spread)}"
            yield said, spread
            yield from _lighter(spread, f"{said}, ")
    for lora, said in ((LoraConfig(), "lora: {}"), (LoraConfig(bits=4), "lora: {bits: 4}")):
        adapted = setting.changed(lora=lora, gradient_checkpointing=True)
        said += ", gradient_checkpointing: true"
        yield f"{said} (another training)", adapted
        yield from _lighter(adapted, f"{said} (another training), ")


def _lighter(setting: Setting, before: str) -> Iterator[tuple[str, Setting]]:
    """Gradient checkpointing, then fewer rows at once, then both."""
    checkpointed = setting.changed(gradient_checkpointing=True)
    if not setting.config.gradient_checkpointing:
        before += "gradient_checkpointing: true"
        yield before, checkpointed
        before += ", "
    lighter = checkpointed
    while lighter.config.per_device_batch_size > 1:
        lighter = _fewer_rows(lighter)
        yield before + _batches(lighter), lighter


def _fewer_rows(setting: Setting) -> Setting:
    """At most half as many rows at once, as many in a step."""
    config = setting.config
    rows = largest_part(config.global_batch_size // setting.hardware.devices, config.per_device_batch_size // 2)
    changes = {"per_device_batch_size": rows, "gradient_accumulation_steps": config.global_batch_size // rows}
    if isinstance(config, CrossDPOConfig):
        changes["replay_batch_size"] = max(1, config.replay_batch_size * rows // config.per_device_batch_size)
    return setting.changed(**changes)


def _batches(setting: Setting) -> str:
    config = setting.config
    said = (
        f"per_device_batch_size: {config.per_device_batch_size}, "
        f"gradient_accumulation_steps: {config.gradient_accumulation_steps}"
    )
    if isinstance(config, CrossDPOConfig) and config.replay_weight:
        said += f", replay_batch_size: {config.replay_batch_size}"
    return said
