"""A run's training sets as a data set that others can use: parquet files and a card that says how they came about."""

from supercorrect.export.argilla import export_argilla
from supercorrect.export.writing import export_run, push_export

__all__ = ["export_argilla", "export_run", "push_export"]
