"""Charts as inline SVG, drawn by pygal; their colours and type come from the page's stylesheet, in light and in dark.

pygal writes scripts, styles and tooltips into what it draws. Only listed elements and attributes are taken over, so a
chart can neither run anything nor need a style of its own, and its labels are text whatever stands in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict
from xml.etree import ElementTree

import pygal
from markupsafe import Markup
from pygal.style import Style

from supercorrect.metrics import Proportion
from supercorrect.visible_text import plain_text

FONT_SIZE = 13
WIDTH, SMALL_WIDTH = 460, 320
LABEL_CHARACTERS = 28
Point = tuple[float, float]
_SVG = "{http://www.w3.org/2000/svg}"
_ELEMENTS = frozenset({"svg", "g", "rect", "path", "line", "circle", "text"})
_ATTRIBUTES = frozenset(
    {"class", "d", "x", "y", "cx", "cy", "r", "rx", "ry", "width", "height", "transform", "viewBox"}
)


class Words(TypedDict):
    """What a chart says to those who do not see it: its name, and what it shows in a sentence."""

    title: str
    description: str


def draw_shares(words: Words, rows: dict[str, Sequence[Proportion]], series: Sequence[str]) -> Markup:
    """Horizontal bars in % with their 95 % intervals: a group a row, a bar a series."""
    height = 40 + (8 + 12 * len(series)) * len(rows)
    chart = pygal.HorizontalBar(**_settings(height), range=(0, 100))
    chart.x_labels = [_label(name) for name in reversed(rows)]
    for number, name in enumerate(series):
        shares = [shares[number] for shares in reversed(rows.values())]
        bars = [{"value": 100 * s["value"], "ci": _interval(s)} for s in shares]
        chart.add(_label(name), bars)
    return _embed(chart, words)


def draw_counts(words: Words, counts: dict[str, float], width: int = SMALL_WIDTH) -> Markup:
    """A horizontal bar a count, in the order given."""
    chart = pygal.HorizontalBar(**_settings(40 + 20 * len(counts), width))
    chart.x_labels = [_label(name) for name in reversed(counts)]
    chart.add("", list(reversed(counts.values())))
    return _embed(chart, words)


def draw_parts(words: Words, rows: dict[str, Sequence[float]]) -> Markup:
    """Horizontal bars in %, stacked of the same parts in each row; parts add up to 1."""
    height = 40 + 24 * len(rows)
    chart = pygal.HorizontalStackedBar(**_settings(height), range=(0, 100))
    chart.x_labels = [_label(name) for name in reversed(rows)]
    for number in range(max((len(parts) for parts in rows.values()), default=0)):
        chart.add(str(number), [100 * parts[number] for parts in reversed(rows.values())])
    return _embed(chart, words)


def draw_lines(words: Words, lines: Mapping[str, Sequence[Point]]) -> Markup:
    """Lines over optimiser steps."""
    chart = pygal.XY(**_settings(190, SMALL_WIDTH), show_dots=False, show_x_guides=False)
    for name, points in lines.items():
        chart.add(_label(name), list(points))
    return _embed(chart, words)


def _settings(height: int, width: int = WIDTH) -> dict[str, Any]:
    sizes = dict.fromkeys(
        ("label_font_size", "major_label_font_size", "value_font_size", "legend_font_size"), FONT_SIZE
    )
    return {
        "style": Style(font_family="sans-serif", **sizes),
        "width": width,
        "height": height,
        "margin": 6,
        "js": (),
        "no_prefix": True,
        "truncate_label": -1,
        "y_labels_major_count": 5,
        "max_scale": 6,
        "show_legend": False,
        "no_data_text": "no data",
        "formatter": lambda value: f"{value:g}",
        "x_value_formatter": lambda value: f"{value:g}",
    }


def _interval(share: Proportion) -> dict[str, float]:
    return {"low": 100 * share["ci95"][0], "high": 100 * share["ci95"][1]}


def _label(name: str) -> str:
    shown = plain_text(name)
    return shown if len(shown) <= LABEL_CHARACTERS else f"{shown[: LABEL_CHARACTERS - 1]}…"


def _embed(chart: Any, words: Words) -> Markup:
    """What pygal drew, reduced to what is listed, with a name and a description."""
    drawn = ElementTree.fromstring(chart.render(is_unicode=True, disable_xml_declaration=True))  # nosec B314
    kept = _keep(drawn)
    kept.set("role", "img")
    kept.set("class", "pygal-chart small" if chart.config.width == SMALL_WIDTH else "pygal-chart")
    for place, name in enumerate(("title", "desc")):
        told = ElementTree.Element(name)
        told.text = plain_text(words["title"] if name == "title" else words["description"])
        kept.insert(place, told)
    return Markup(ElementTree.tostring(kept, encoding="unicode"))


def _keep(element: ElementTree.Element) -> ElementTree.Element:
    attributes = {name: value for name, value in element.attrib.items() if name in _ATTRIBUTES}
    kept = ElementTree.Element(element.tag.removeprefix(_SVG), attributes)
    kept.text, kept.tail = element.text, element.tail
    for child in element:
        tooltip = "tooltip-overlay" in child.get("class", "")
        if isinstance(child.tag, str) and child.tag.removeprefix(_SVG) in _ELEMENTS and not tooltip:
            kept.append(_keep(child))
    return kept
