"""The section that says how answers are graded. Its defaults follow the conventions of MATH and GSM8K."""

from __future__ import annotations

from pydantic import Field

from supercorrect.config.base import Section


class GradingPolicy(Section):
    """Where two answers that are written differently still count as the same.

    Attributes:
        percent_sign_optional: `10` and `10\\%` are the same answer (MATH asks "what percent", the reference has `10`).
        percent_as_fraction: `0.1` and `10\\%` are the same number. False: a percentage is only ever itself.
        units_optional: A unit that only one side writes is ignored: `5` and `5 cm`. Two different units never match.
        degrees_optional: `30` and `30^\\circ` are the same angle.
        currency_optional: `18` and `\\$18` are the same amount.
        base_optional: `28_9` and `28` are the same numeral (the problem asked for base 9). Two different bases never
            match, and a numeral is never converted to another base.
        vector_as_tuple: A one-column or one-row matrix equals the tuple of its entries.
        bare_list_as_tuple: `1, 2` and `\\{1, 2\\}` equal `(1, 2)`, in this order.
        decimal_tolerance: How far a number written with a decimal point may be from the other side, absolute (and
            four times as far in relative terms, so that small numbers are not all zero). 0: decimals must be exact.
        max_answer_chars: An answer that is longer, and not the same text as the reference, is `too_long`.
    """

    percent_sign_optional: bool = True
    percent_as_fraction: bool = True
    units_optional: bool = True
    degrees_optional: bool = True
    currency_optional: bool = True
    base_optional: bool = True
    vector_as_tuple: bool = True
    bare_list_as_tuple: bool = True
    decimal_tolerance: float = Field(default=5e-7, ge=0)
    max_answer_chars: int = Field(default=2000, gt=0)


class GradingConfig(Section):
    """How answers are graded, everywhere in a run.

    Attributes:
        task: `math`, `multiple_choice`, `exact`, `numeric`, `regex`, or a function of yours as `module:function`.
        workers: Processes for what needs computer algebra.
        timeout_seconds: The longest that one check in a worker may take.
        memory_mb: The most memory that one check in a worker may take.
    """

    task: str = "math"
    policy: GradingPolicy = GradingPolicy()
    workers: int = Field(default=2, gt=0)
    timeout_seconds: float = Field(default=3.0, gt=0)
    memory_mb: int = Field(default=512, ge=256)
