"""Evaluation of any model on any problems: solving, self-correction, Reflexion, and what came of it."""
