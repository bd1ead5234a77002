"""One spelling for what LaTeX, Unicode and people write in many ways. Linear time, no meaning is decided here.

In normalised text, words that stood in `\\text{…}` are between `TEXT_OPEN` and `TEXT_CLOSE`, matrix rows end with
`ROW_END`, and `DOLLAR` stands for `\\$`.
"""

from __future__ import annotations

import re
import unicodedata

TEXT_OPEN, TEXT_CLOSE, ROW_END, DOLLAR = "\ue000", "\ue001", "\ue002", "\ue003"

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")
_UNICODE = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "×": "*", "·": "*", "⋅": "*", "∙": "*", "÷": "/", "∕": "/", "⁄": "/",
    "π": "\\pi ", "√": "\\sqrt ", "∞": "\\infty ", "≤": "\\leq ", "≥": "\\geq ", "≠": "\\neq ", "°": "°", "º": "°",
    "±": "\\pm ", "∪": "\\cup ", "∩": "\\cap ", "∈": "\\in ", "∅": "\\emptyset ", "θ": "\\theta ", "∘": "°",
    "½": " 1/2", "⅓": " 1/3", "⅔": " 2/3", "¼": " 1/4", "¾": " 3/4", "⅕": " 1/5", "⅛": " 1/8", "‘": "'", "’": "'",
    "“": '"', "”": '"', "％": "%", "\u00a0": " ", "\ue000": "", "\ue001": "",
    "\ue002": "", "\ue003": "",
}  # fmt: skip
_UNICODE_RUN = re.compile("[" + "".join(map(re.escape, _UNICODE)) + "]")
_SYNONYMS = {
    "dfrac": "\\frac", "tfrac": "\\frac", "cfrac": "\\frac", "dbinom": "\\binom", "tbinom": "\\binom",
    "le": "\\leq", "leqslant": "\\leq", "ge": "\\geq", "geqslant": "\\geq", "ne": "\\neq", "lt": "<", "gt": ">",
    "cdot": "*", "times": "*", "div": "/", "ast": "*", "degree": "°", "degrees": "°", "lbrace": "\\{",
    "rbrace": "\\}", "lvert": "|", "rvert": "|", "vert": "|", "mid": "|", "infin": "\\infty",
    "varnothing": "\\emptyset", "lbrack": "[", "rbrack": "]", "colon": ":", "dots": "\\ldots",
    "cdots": "\\ldots", "lnot": "\\neg", "textdegree": "°",
}  # fmt: skip
_DROPPED_NAMES = (
    "left right big Big bigg Bigg bigl bigr Bigl Bigr displaystyle textstyle scriptstyle limits nolimits quad qquad "
    "hspace enspace thinspace medspace boldsymbol mathbf mathit mathsf mathnormal bf it rm boxed fbox ensuremath "
    "smallskip bigskip newline nonumber hfill"
)
_DROPPED = frozenset(_DROPPED_NAMES.split())
_TEXT_COMMAND_NAMES = "text textbf textit textrm textsf texttt mbox hbox mathrm operatorname emph textnormal"
_TEXT_COMMANDS = frozenset(_TEXT_COMMAND_NAMES.split())
_TEXT_GROUP = re.compile(r"\\(?P<name>[a-zA-Z]+)\s*\{(?P<body>[^{}]*)\}")
_COMMAND = re.compile(r"\\([A-Za-z]+)\*?")
_SPACES = re.compile(r"\\[,;:!> ~]|~|\\quad\b|\\qquad\b|\s+")
_DEGREES = re.compile(r"\^\s*(?:\\circ\b|\{\s*\\circ\s*\}|°|\{\s*°\s*\})|\\circ\b")
_DOLLAR = re.compile(r"\\\$|\bUSD\b|\\(?:math|text)dollar\b")
_CURRENCY = re.compile(r"[$€£¥₹]")
_THOUSANDS = re.compile(r"(?<=\d)(?:\{,\}|,\\!\s*|\\!,\s*|\\,(?=\d{3}(?!\d)))\s*(?=\d)")
_PERCENT = re.compile(r"\\%|(?<=[\d\s}])(?:percent(?:age)?|pct)\b", re.IGNORECASE)
_EQUALS = re.compile(r"(?<=[\w)}])\s+(?:equals|is equal to)\s+(?=[-\d\\(])")
_MATH_DELIMITER = re.compile(r"\\[()\[\]]|(?<!\\)\$\$?")
_ROW_END = re.compile(r"\\\\(?:\[[^\]\n]*\])?|\\cr\b")
_ESCAPED_TWICE = re.compile(r"\\(?=\\)")
_FUNCTION_NAMES = "sin cos tan sec csc cot arcsin arccos arctan log ln exp pi i e"
_FUNCTION_TEXT = frozenset(_FUNCTION_NAMES.split())


def normalise(text: str) -> str:
    """The one spelling of an answer: same answers that differ in notation only become the same text."""
    text = clean_unicode(text)
    text = _ROW_END.sub(ROW_END, text) if "\\begin" in text else _ESCAPED_TWICE.sub("", text)
    text = _MATH_DELIMITER.sub(" ", text)
    text = _THOUSANDS.sub("", text)
    text = _DEGREES.sub("°", text)
    text = _PERCENT.sub("%", _TEXT_GROUP.sub(_mark_text, text))
    text = _EQUALS.sub("=", _CURRENCY.sub(" ", _DOLLAR.sub(DOLLAR, text)))
    text = _COMMAND.sub(_one_command, text)
    text = _SPACES.sub(" ", text)
    text = text.replace("{ ", "{").replace(" }", "}").replace("**", "^" if "\\" not in text else "").replace("\\^", "^")
    return text.strip().rstrip(".,;:").strip() if text.strip() not in (".", ",") else ""


def clean_unicode(text: str) -> str:
    """Text without control and invisible characters, with mathematical Unicode spelt in LaTeX."""
    if text.isascii() and text.isprintable():
        return text
    text = _SUPERSCRIPT_RUN.sub(lambda run: "^{" + run.group().translate(_SUPERSCRIPTS) + "}", text)
    text = _UNICODE_RUN.sub(lambda found: _UNICODE[found.group()], text)
    text = unicodedata.normalize("NFKC", text)
    return "".join(char for char in text if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs"))


def compact(text: str) -> str:
    """Normalised text without spaces, single-token braces and letter case of words: what exact matching compares."""
    text = re.sub(r"\\frac\s*(\d)\s*(\d)(?!\d)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"\\sqrt\s*(\w)", r"\\sqrt{\1}", text)
    text = re.sub(r"([\^_])\{(\w)\}", r"\1\2", text)
    return re.sub(r"\s+", "", text)


def to_latex(text: str) -> str:
    """Normalised text as LaTeX again, for a reader that knows nothing of our marks."""
    text = text.replace(TEXT_OPEN, "\\text{").replace(TEXT_CLOSE, "}").replace(ROW_END, "\\\\").replace(DOLLAR, "")
    return text.replace("°", "^{\\circ}").replace("%", "\\%")


def plain_words(text: str) -> str:
    """Normalised text as lower-case words: without text marks, commands and punctuation."""
    text = text.replace(TEXT_OPEN, " ").replace(TEXT_CLOSE, " ")
    return " ".join(re.findall(r"[^\W_]+", _COMMAND.sub(" ", text).casefold()))


def _mark_text(match: re.Match[str]) -> str:
    name, body = match["name"], match["body"]
    if name not in _TEXT_COMMANDS:
        return match.group()
    stripped = body.strip()
    if stripped in _FUNCTION_TEXT and name in ("operatorname", "mathrm", "text") and stripped not in ("i", "e"):
        return "\\" + stripped + " "
    if name == "mathrm" and len(stripped) == 1 and stripped in "ie":
        return stripped
    if not any(char.isalpha() for char in stripped) or stripped[0].isdigit():
        return f" {body} "
    if stripped.lower() in ("and", "or", ", and", ", or", ",and", ",or"):
        return f" {stripped} "
    return f" {TEXT_OPEN}{stripped}{TEXT_CLOSE} "


def _one_command(match: re.Match[str]) -> str:
    name = match[1]
    if name in _DROPPED:
        return " "
    return _SYNONYMS.get(name, "\\" + name)
