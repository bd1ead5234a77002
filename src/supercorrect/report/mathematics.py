"""Texts of models and problem sets as HTML: the LaTeX in them becomes MathML, all else is shown as it is written.

Nothing in a text can become markup: what is not LaTeX is escaped, and of what `latex2mathml` makes of the LaTeX only
listed elements and attributes pass. LaTeX that is too long, deep or unknown is shown as it is written.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from xml.etree import ElementTree

from latex2mathml.converter import Converter
from markupsafe import Markup, escape

from supercorrect.visible_text import plain_text

MAX_LATEX_CHARACTERS = 600
MAX_NESTING = 20
_BODY = rf"{{1,{MAX_LATEX_CHARACTERS}}}"
_LATEX = re.compile(
    rf"(?<!\\)\$\$(?P<display>[^$]{_BODY})\$\$"
    rf"|\\\[(?P<bracketed>(?:(?!\\\]).){_BODY})\\\]"
    rf"|\\\((?P<inline>(?:(?!\\\)).){_BODY})\\\)"
    rf"|(?<![\\$])\$(?P<dollars>(?=\S)(?:[^$\\\n]|\\.){_BODY}(?<=\S))\$(?!\d)",
    re.DOTALL,
)
_DEFINING = re.compile(r"\\(def|newcommand|newenvironment|DeclareMathOperator)")
"""What would let a formula grow without bounds."""
# fmt: off
_ELEMENTS = frozenset((
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle", "mpadded", "mphantom",
    "menclose", "msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "none",
    "mtable", "mtr", "mtd",
))
_ATTRIBUTES = frozenset((
    "display", "stretchy", "fence", "form", "separator", "symmetric", "largeop", "movablelimits", "accent",
    "accentunder", "mathvariant", "displaystyle", "scriptlevel", "linethickness", "columnalign", "columnlines",
    "rowlines", "columnspacing", "rowspacing", "notation", "lspace", "rspace", "width", "height", "depth", "voffset",
    "minsize", "maxsize",
))
# fmt: on
_VALUE = re.compile(r"[a-z ]{1,40}|[-+]?\d?(\.\d{1,4})?(em|ex|px|pt|%)?")
"""Words, and lengths below ten: nothing reaches out of its place."""


def render_text(text: str) -> Markup:
    """A text as HTML, with MathML for what stands between `$`, `$$`, `\\(…\\)` and `\\[…\\]`."""
    pieces: list[Markup] = []
    position = 0
    for match in _LATEX.finditer(text):
        pieces.append(escape(plain_text(text[position : match.start()])))
        block = match.lastgroup in ("display", "bracketed")
        pieces.append(render_latex(match.group(match.lastgroup or 0), block=block) or _as_written(match.group()))
        position = match.end()
    pieces.append(escape(plain_text(text[position:])))
    return Markup("").join(pieces)


def render_step(text: str) -> Markup:
    """A step as HTML: its LaTeX as MathML, its `<Key>` passages marked."""
    plain, *passages = text.split("<Key>")
    pieces = [render_text(plain)]
    for passage in passages:
        key, _, rest = passage.partition("</Key>")
        pieces += [Markup('<span class="key">{}</span>').format(render_text(key.strip())), render_text(rest)]
    return Markup("").join(pieces)


@lru_cache(maxsize=4096)
def render_latex(latex: str, *, block: bool = False) -> Markup | None:
    """A formula as MathML. None: it is too long or too deep, or `latex2mathml` does not understand it."""
    if len(latex) > MAX_LATEX_CHARACTERS or _DEFINING.search(latex):
        return None
    try:
        tree = Converter(display="block" if block else "inline").convert_to_element(latex)
    except Exception:  # noqa: BLE001 - it raises whatever a broken formula leads to, down to bare Exception
        return None
    del tree.attrib["xmlns"]
    if not _sanitise(tree, MAX_NESTING):
        return None
    return Markup(ElementTree.tostring(tree, encoding="unicode", short_empty_elements=False))


def _sanitise(element: ElementTree.Element, depth: int) -> bool:
    """Drop attributes that are not listed; False where an element is not, a command is unknown, or it is too deep."""
    if element.tag not in _ELEMENTS or depth == 0:
        return False
    for name, value in list(element.attrib.items()):
        if name not in _ATTRIBUTES or not _VALUE.fullmatch(value):
            del element.attrib[name]
    element.text = _readable(element.text)
    element.tail = _readable(element.tail)
    if element.tag == "mi" and (element.text or "").startswith("\\"):
        return False
    return all(_sanitise(child, depth - 1) for child in element)


def _readable(text: str | None) -> str | None:
    """The characters behind the references that `latex2mathml` writes."""
    return None if text is None else plain_text(html.unescape(text))


def _as_written(latex: str) -> Markup:
    return Markup("<code>{}</code>").format(plain_text(latex))
