"""The report of a run: `metrics.json`, `report.md` and `report.html`."""
