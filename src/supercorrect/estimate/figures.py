"""A number that is not known for sure: where it may lie, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Figure:
    """A number, the range it may lie in, and why."""

    low: float
    value: float
    high: float
    basis: str

    @classmethod
    def exact(cls, value: float, basis: str) -> Figure:
        """A number that has been counted."""
        return cls(value, value, value, basis)

    def times(self, other: Figure) -> Figure:
        """The product of two figures, neither below 0; it rests on what this one rests on."""
        return Figure(self.low * other.low, self.value * other.value, self.high * other.high, self.basis)

    def plus(self, other: Figure) -> Figure:
        """The sum of two figures, at their worst and best together; it rests on what this one rests on."""
        return Figure(self.low + other.low, self.value + other.value, self.high + other.high, self.basis)

    def because(self, basis: str) -> Figure:
        """The same number, resting on something else."""
        return replace(self, basis=basis)

    def less(self, count: float) -> Figure:
        """What is left of this figure when so much of it is done; never below 0."""
        return Figure(max(0, self.low - count), max(0, self.value - count), max(0, self.high - count), self.basis)
