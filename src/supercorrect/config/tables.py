"""The tables and figures of the paper that a recipe can ask for, and the arms that each of them shows."""

from __future__ import annotations

from typing import Literal

TableName = Literal[
    "table2",
    "table3",
    "table4",
    "table5",
    "table6",
    "table8",
    "figure3",
    "figure4",
    "figure5",
    "section5_4",
    "controls",
]

TABLE_ARMS: dict[TableName, tuple[str, ...]] = {
    "table2": ("base", "sft", "hsft", "hsft_reflexion", "cross_dpo"),
    "table3": ("sft", "hsft", "cross_dpo"),
    "table4": ("hsft", "cross_dpo"),
    "table5": (),
    "table6": ("hsft", "cross_dpo"),
    "table8": ("sft", "hsft"),
    "figure3": ("hsft", "cross_dpo"),
    "figure4": (),
    "figure5": (),
    "section5_4": ("hsft", "step_dpo", "cross_dpo"),
    "controls": ("cross_dpo",),
}
"""Arms that a table cannot do without; it shows whatever else of its kind is evaluated."""
