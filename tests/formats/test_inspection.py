"""The inspector's verdict, as models write it."""

from __future__ import annotations

import pytest

from supercorrect.formats import parse_inspection


@pytest.mark.parametrize(
    ("text", "verdict", "remarks"),
    [
        ("<Verdict> accept </Verdict>", "accept", ""),
        ("<verdict>Revise</verdict>\n<remarks> step 2 is wrong </remarks>", "revise", "step 2 is wrong"),
        ("<Verdict:> **revise**\n<Remarks:> 1 < 2 & so on", "revise", "1 < 2 & so on"),
        ("First <Verdict> revise </Verdict>, no: <Verdict> accept </Verdict>", "accept", ""),
        ("I accept it.", None, ""),
        ("", None, ""),
        ("<Verdict> maybe </Verdict>", None, ""),
    ],
)
def test_the_last_verdict_counts_and_no_verdict_is_none(text: str, verdict: str | None, remarks: str) -> None:
    inspection = parse_inspection(text)
    assert (inspection.verdict, inspection.remarks) == (verdict, remarks)


@pytest.mark.parametrize(
    "text", ["<Verdict>" * 50_000, "<Remarks>" * 50_000, "< " * 200_000, "<Verdict>" + " " * 500_000]
)
def test_hostile_text_is_read_in_passing(text: str) -> None:
    """Quadratic time would be minutes for each."""
    assert parse_inspection(text).verdict is None
