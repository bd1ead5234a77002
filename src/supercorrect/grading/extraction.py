"""The final answer of a completion. The rules have one explicit order; within a rule the last answer counts.

1. `answer_tag`: `<Answer>…</Answer>` (also `<Answer:>`, any case, unclosed at the end); inside it rules 2 to 5 apply.
2. `boxed`: the last `\\boxed{…}` or `\\fbox{…}`; the innermost one where boxes are nested.
3. `hashes`: GSM8K's `#### 72`.
4. `answer_phrase`: "the answer is …", "Answer: …", and GSM8K's `A: 18` at the start of a line.
5. `whole_text`: a completion that is nothing but a short formula, number or word.
6. `last_formula` or `last_number`: the last thing in the text that could be an answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from supercorrect.grading.boxes import find_boxes

MAX_BARE_ANSWER_CHARS = 200
MAX_READ_CHARS = 200_000  # from the end: the answer of a longer completion is sought in its last part


@dataclass(frozen=True, slots=True)
class Extraction:
    """An answer as it was written.

    Attributes:
        text: The answer; empty only where the completion has an empty box and nothing else.
        rule: Which rule found it.
        listed: The answers of boxes that stand in one list (`\\boxed{1} and \\boxed{2}`), the last one being `text`;
            empty where there is no such list.
    """

    text: str
    rule: str
    listed: tuple[str, ...] = ()


_SPECIAL_TOKEN = re.compile(r"<\|(?:im_end|endoftext|eot_id|end_of_text|end|im_start)\|>|</s>|<｜end▁of▁sentence｜>")
_ANSWER_TAG = re.compile(  # possessive: spaces that lead to no tag are not tried in every way
    r"<\s*+(?P<close>/?)\s*+(?:final[ _]?)?answer\s*+:?\s*+>", re.IGNORECASE
)
_HASHES = re.compile(r"(?<!#)####(?!#)[ \t]*(?P<answer>[^\n]*)")
_PHRASE = re.compile(
    r"(?:\banswer(?:\s+to\s+(?:the|this)\s+\w+)?(?:\*\*)?\s*"
    r"(?:(?:is|would\s+be|should\s+be|equals)\b\s*:?|:|=)|^[ \t]*A:(?=\s))(?:\*\*)?[ \t]*"
    r"(?:(?:therefore|thus|simply|then),?[ \t]*)?(?:\n\s*)?",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE_END = re.compile(r"(?<=[^\s.])\.(?=\s|$)|\n|[!?](?=\s+[A-Z]|$)|\s+I hope\b")
_FORMULA = re.compile(
    r"\$\$(.+?)\$\$|\\\[(.+?)\\\]|\\\((.+?)\\\)|(?<!\\)\$((?:\\.|[^$\\\n]){1,2000}?)(?<!\\)\$", re.DOTALL
)
_NUMBER = re.compile(
    r"(?<![\w.])-?[$€£]?-?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(?:\.\d+|(?<=\d))(?:\s*/\s*\d+)?(?:\s*\\?%)?"
)
_PROSE = re.compile(r"[A-Za-z]{2,}\s+[a-z]{2,}")
_FORMULA_START = re.compile(r"[-$\\(\[{.\d].{0,59}$")


def extract_answer(text: str) -> Extraction | None:
    """The final answer of a completion; None where it gives none."""
    text = visible_part(text)
    tagged = _last_tag(text)
    if tagged is not None:
        inner = _marked(tagged) or _bare(tagged) or _last_mentioned(tagged)
        rule = "answer_tag" if inner is None or inner.rule == "whole_text" else f"answer_tag+{inner.rule}"
        return Extraction(tagged, rule) if inner is None else Extraction(inner.text, rule, inner.listed)
    return _marked(text) or _bare(text) or _last_mentioned(text)


def visible_part(text: str) -> str:
    """What the model said for others to read: without its `<think>` part, and up to the end of its turn."""
    text = text[-MAX_READ_CHARS:]
    start = text.rfind("</think>")
    if start >= 0 and text[start + len("</think>") :].strip():
        text = text[start + len("</think>") :]
    text = re.sub(r"^\s*<\|im_start\|>\s*assistant\s*", "", text)
    end = _SPECIAL_TOKEN.search(text)
    return text[: end.start()] if end is not None and text[: end.start()].strip() else text


def _last_tag(text: str) -> str | None:
    """The content of the last answer tag that has any; None where there is none."""
    tags = list(_ANSWER_TAG.finditer(text))[-32:]
    for place in range(len(tags) - 1, -1, -1):
        if tags[place]["close"]:
            continue
        end = tags[place + 1].start() if place + 1 < len(tags) else len(text)
        content = text[tags[place].end() : end].strip()
        if content:
            return content
    return None


def _marked(text: str) -> Extraction | None:
    """Rules 2 to 4: an answer that the text itself marks as such."""
    return _boxed(text) or _hashes(text) or _phrase(text)


def _boxed(text: str) -> Extraction | None:
    boxes = find_boxes(text)
    if boxes is None:
        return None
    return Extraction(boxes[-1].strip() if boxes else "", "boxed", tuple(boxes) if len(boxes) > 1 else ())


def _hashes(text: str) -> Extraction | None:
    """The last `####` line that is an answer, not a heading with text below it."""
    for match in reversed(list(_HASHES.finditer(text))[-8:]):
        answer = match["answer"].strip()
        is_last = not text[match.end() :].strip()
        if answer and (is_last or (_FORMULA_START.match(answer) and not _PROSE.search(answer))):
            return Extraction(_tidy(answer), "hashes")
    return None


def _phrase(text: str) -> Extraction | None:
    """What follows the last "answer is" or "Answer:", up to the end of the sentence or line."""
    for match in reversed(list(_PHRASE.finditer(text))[-8:]):
        rest = text[match.end() : match.end() + 2000]
        answer = _narrow(_first_sentence(rest))
        if answer:
            return Extraction(answer, "answer_phrase")
    return None


def _first_sentence(text: str) -> str:
    """Up to the end of the sentence; a display formula on the next lines belongs to it."""
    text = text.lstrip(" \t*:")
    display = re.match(r"(?:\$\$|\\\[).+?(?:\$\$|\\\])", text, re.DOTALL)
    if display:
        return display.group()
    end = _SENTENCE_END.search(text)
    return (text[: end.start()] if end else text).strip().strip("*").strip()


def _narrow(sentence: str) -> str:
    """The answer in a sentence: all of it where it is short, else its last formula or number."""
    if not sentence or not re.search(r"\w", sentence):
        return ""
    if len(sentence) <= MAX_BARE_ANSWER_CHARS and not _is_prose(sentence):
        return _tidy(sentence)
    found = _last_mentioned(sentence)
    return found.text if found else (_tidy(sentence) if len(sentence.split()) <= 8 else "")


def _is_prose(text: str) -> bool:
    """Whether text outside formulas is more than an answer with its unit."""
    outside = _FORMULA.sub(" 0 ", re.sub(r"\\text[a-z]*\s*\{[^{}]*\}", " ", text))
    outside = re.sub(r"\\[A-Za-z]+", " ", outside)
    words = [word for word in re.findall(r"[A-Za-z]{2,}", outside) if word.lower() not in ("and", "or")]
    return len(words) > 3 or bool(re.match(r"\s*(?:that|because|when|if|we|the|as|there|it)\b", outside, re.IGNORECASE))


def _bare(text: str) -> Extraction | None:
    """Rule 5: the whole completion, where it is short and is not prose."""
    stripped = text.strip()
    if not stripped or len(stripped) > MAX_BARE_ANSWER_CHARS or "\n\n" in stripped or _is_prose(stripped):
        return None
    if _FORMULA.fullmatch(stripped):
        return Extraction(_tidy(stripped), "whole_text")
    if re.match(r"[A-Z]\w+\s*[$\\]", stripped):
        return None
    if not any(char.isdigit() or char in "\\$" for char in stripped) and len(stripped.split()) > 2:
        return None
    if _FORMULA.search(stripped) and _PROSE.search(_FORMULA.sub(" 0 ", stripped)):
        return None
    return Extraction(_tidy(stripped), "whole_text") if re.search(r"\w", stripped) else None


def _last_mentioned(text: str) -> Extraction | None:
    """Rule 6: the last formula, or the last number if it comes after it."""
    tail = text[-4000:]
    formulas = [match for match in _FORMULA.finditer(tail) if _is_answer_formula(match)]
    numbers = [match for match in _NUMBER.finditer(tail) if any(map(str.isdigit, match.group()))]
    if formulas and (not numbers or numbers[-1].start() < formulas[-1].end()):
        return Extraction(_tidy(formulas[-1].group()), "last_formula")
    return Extraction(numbers[-1].group().strip(), "last_number") if numbers else None


def _is_answer_formula(match: re.Match[str]) -> bool:
    """Whether what stands between two dollars is a formula, not the prose between two prices."""
    body = re.sub(r"\\(?:text|mbox|mathrm)[a-z]*\s*\{[^{}]*\}", "", match.group())
    return not _PROSE.search(body) and bool(re.search(r"\w", body))


def _tidy(answer: str) -> str:
    """Without Markdown emphasis, delimiters around the whole, and the full stop of the sentence."""
    answer = answer.strip().strip("*`").strip()
    answer = re.sub(r"(?<!\.)\.$", "", answer).strip()
    match = _FORMULA.fullmatch(answer)
    if match:
        answer = next(group for group in match.groups() if group is not None).strip()
    return answer.strip("*").strip()


def extract_reference(reference_answer: str) -> Extraction:
    """The answer in a reference, which may be the answer itself or a whole reference solution.

    A solution with several boxes in one list (`\\boxed{5} or \\boxed{-3}`) has all of them in `listed`; with several
    boxes elsewhere (two ways to the same answer) only the last counts.
    """
    boxed = _boxed(reference_answer)
    if boxed is not None:
        return boxed
    if "\n" in reference_answer.strip() or len(reference_answer) > MAX_BARE_ANSWER_CHARS:
        marked = _hashes(reference_answer) or _phrase(reference_answer)
        if marked is not None:
            return marked
    return _hashes(reference_answer) or Extraction(_tidy(reference_answer), "reference")
