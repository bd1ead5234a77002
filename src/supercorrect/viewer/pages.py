"""Templates filled with what a run holds: every text is escaped, and what would be obeyed is made visible."""

from __future__ import annotations

import math
import time
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from supercorrect.amounts import dollars, duration
from supercorrect.report.mathematics import render_step, render_text
from supercorrect.viewer.token_logps import TokenLogps
from supercorrect.visible_text import plain_text

_LEAST_PROBABLE = (0.95, 0.8, 0.5, 0.2, 0.05, 0.01)
"""Above each of these a token has one shade less."""
_CHANGES = (0.1, 0.7, 2.3)
"""In nats, up or down: hardly, twice, ten times as probable."""


class Pages:
    """Renders pages; `common` is what every one of them is given."""

    def __init__(self, **common: Any) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.PackageLoader(__package__),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            finalize=_visible,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= common
        self._environment.filters |= {
            "path": lambda text: quote(str(text), safe=""),
            "formulas": render_text,
            "step": render_step,
            "heat": heat_columns,
            "clock": lambda seconds: time.strftime("%H:%M:%S", time.localtime(seconds)),
            "duration": duration,
            "dollars": dollars,
            "count": lambda number: "unknown" if number is None else f"{number:,}",
            "words": lambda name: str(name).replace("_", " "),
        }

    def render(self, request: Request, name: str, *, status_code: int = 200, **values: Any) -> HTMLResponse:
        """Fill a template."""
        page = self._environment.get_template(name).render(path=request.url.path, **values)
        return HTMLResponse(page, status_code)


def heat_columns(side: TokenLogps) -> list[dict[str, Any]]:
    """One column a token: its text, both log-probabilities, and the shades that stand for them and their change."""
    return [
        {
            "token": token.replace("\n", "⏎") or "␣",
            "before": before,
            "after": after,
            "shades": (_probability_shade(before), _probability_shade(after), _change_shade(after - before)),
        }
        for token, before, after in zip(side.tokens, side.before, side.after, strict=True)
    ]


def _probability_shade(logp: float) -> str:
    return f"p{sum(logp < math.log(share) for share in _LEAST_PROBABLE)}"


def _change_shade(nats: float) -> str:
    steps = sum(abs(nats) >= change for change in _CHANGES)
    return f"{'up' if nats > 0 else 'down'}{steps}" if steps else "same"


def _visible(value: Any) -> Any:
    return plain_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value
