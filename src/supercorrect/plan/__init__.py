"""What a recipe asks of a machine, before anything runs."""

from supercorrect.plan.planning import Plan, StagePlan, make_plan

__all__ = ["Plan", "StagePlan", "make_plan"]
