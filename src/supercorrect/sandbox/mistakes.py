"""What an oracle does wrong on purpose, so that inspectors, cascades and the figures of Table 5 mean something."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields

from supercorrect.errors import ConfigError


@dataclass(frozen=True)
class Mistakes:
    """The share of its replies in which an oracle makes each mistake, between 0 and 1.

    Attributes:
        wrong_thought: One step of a thought ends wrongly, though the answer is right.
        omitted_key: A key is left out, of a thought or a correction.
        missed_error: A correction faults nothing.
        misplaced_error: A correction faults another step than the first wrong one.
        wrong_correction: The corrected step ends wrongly, though the answer is right.
        overlooked: As an inspector, it accepts what is wrong.
        false_alarm: As an inspector, it refuses what is right.
        seed: Another seed, other mistakes.
    """

    wrong_thought: float = 0.0
    omitted_key: float = 0.0
    missed_error: float = 0.0
    misplaced_error: float = 0.0
    wrong_correction: float = 0.0
    overlooked: float = 0.0
    false_alarm: float = 0.0
    seed: int = 0

    def makes(self, mistake: str, about: str) -> bool:
        """Whether it makes this mistake about this; asked the same way again, it makes it again."""
        digest = hashlib.sha256(f"{self.seed}/{mistake}/{about}".encode()).digest()
        return int.from_bytes(digest[:4], "big") / 2**32 < float(getattr(self, mistake))


def parse_mistakes(text: str) -> Mistakes:
    """Read `name=share` pairs with commas between, such as `misplaced_error=0.1,omitted_key=0.2`.

    Raises:
        ConfigError: A name is unknown or a value is no number.
    """
    known = {field.name: int if field.name == "seed" else float for field in fields(Mistakes)}
    values: dict[str, float] = {}
    for pair in filter(None, text.split(",")):
        name, _, number = pair.strip().partition("=")
        try:
            values[name] = known[name](number)
        except (KeyError, ValueError):
            raise ConfigError(
                f"mistakes: expected name=share with a name of {', '.join(known)}, got {pair!r}."
            ) from None
        if name != "seed" and not 0 <= values[name] <= 1:
            raise ConfigError(f"mistakes: expected a share between 0 and 1, got {pair!r}.")
    return Mistakes(**values)  # type: ignore[arg-type]  # the seed is made an int above
