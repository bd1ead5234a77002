"""What a run may spend, and what it has spent."""

from __future__ import annotations

from supercorrect.config import PriceConfig
from supercorrect.errors import BudgetReachedError


def cost_usd(price: PriceConfig | None, input_tokens: int | None, output_tokens: int | None) -> float | None:
    """The price of so many tokens. None: the price or a count is unknown, and so is the cost."""
    if price is None or input_tokens is None or output_tokens is None:
        return None
    return (
        input_tokens * price.input_usd_per_million_tokens + output_tokens * price.output_usd_per_million_tokens
    ) / 1_000_000


class Budget:
    """The dollars of a whole run, shared by all its models.

    Before a request its worst case is set aside; after it the true cost takes that place. So the sum never passes
    `max_cost_usd`, however many requests are under way.

    Args:
        max_cost_usd: None: no limit.
        spent_usd: What earlier runs in the same folder have spent.
    """

    def __init__(self, max_cost_usd: float | None = None, spent_usd: float = 0.0) -> None:
        self.max_cost_usd = max_cost_usd
        self.spent_usd = spent_usd
        self._reserved_usd = 0.0
        self._under_way = 0

    def reserve(self, worst_usd: float) -> bool:
        """Set aside the worst case of a request. False: it may fit once requests under way have their true cost.

        Raises:
            BudgetReachedError: It does not fit, whatever those under way turn out to cost.
        """
        if self.max_cost_usd is not None:
            if self.spent_usd + worst_usd > self.max_cost_usd:
                raise BudgetReachedError(
                    f"${self.spent_usd:.4f} of max_cost_usd = ${self.max_cost_usd:.4f} are spent, and the next request "
                    f"may cost ${worst_usd:.4f}. Everything answered so far is kept: raise max_cost_usd to go on."
                )
            if self._under_way and self.spent_usd + self._reserved_usd + worst_usd > self.max_cost_usd:
                return False
        self.set_aside(worst_usd)
        return True

    def set_aside(self, worst_usd: float) -> None:
        """Count the worst case of a request that is under way already, whether it fits or not."""
        self._under_way += 1
        self._reserved_usd += worst_usd

    def settle(self, worst_usd: float, true_usd: float | None) -> None:
        """Put the true cost in the place of what `reserve` set aside.

        Args:
            true_usd: None: nobody knows (the connection broke); the worst case counts as spent.
        """
        self._under_way -= 1
        self._reserved_usd = self._reserved_usd - worst_usd if self._under_way else 0.0
        self.spent_usd += worst_usd if true_usd is None else true_usd
