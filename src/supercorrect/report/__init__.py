"""The report of a run: `metrics.json`, `report.md` and `report.html`."""

from supercorrect.report.writing import write_report

__all__ = ["write_report"]
