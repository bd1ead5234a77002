"""Look up every pinned dependency among the known holes; where no index of advisories can be reached, say so.

Usage: python tools/audit_dependencies.py constraints.txt
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

_UNREACHABLE = re.compile("connection|connect to|resolve|timed out|unreachable", re.IGNORECASE)


def main() -> int:
    """The exit code: 1 if a pinned version has a known hole, else 0."""
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--progress-spinner=off", "-f=json"]
    audit = subprocess.run([*command, "-r", sys.argv[1]], capture_output=True, text=True, check=False)
    found = _read(audit.stdout)
    looked_up = [one for one in found if "vulns" in one]
    if not looked_up and (found or _UNREACHABLE.search(audit.stderr)):
        why = "the index that is reached from here knows none of them" if found else "no index can be reached from here"
        print(f"pip-audit: NOT audited: {why}. Run it again where PyPI itself can be reached.")
        return 0
    if not looked_up:
        print(audit.stderr)
        return 1
    holes = [(one, hole) for one in looked_up for hole in one["vulns"]]
    for one, hole in holes:
        mended = ", ".join(hole["fix_versions"]) or "no version yet"
        print(f"{one['name']} {one['version']}: {hole['id']}, mended in {mended}")
    print(f"pip-audit: {len(looked_up)} of {len(found)} pinned packages looked up, {len(holes)} known holes")
    return 1 if holes else 0


def _read(report: str) -> list[dict[str, Any]]:
    try:
        dependencies: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except (ValueError, KeyError):
        return []
    return dependencies


if __name__ == "__main__":
    sys.exit(main())
