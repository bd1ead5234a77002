"""What is asked for: the kinds of tasks a recipe can name, behind one small protocol."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from supercorrect.config import GradingPolicy
from supercorrect.errors import ConfigError
from supercorrect.grading.equivalence import decide
from supercorrect.grading.expressions import UnsupportedExpressionError, evaluate
from supercorrect.grading.extraction import Extraction, extract_answer, extract_reference
from supercorrect.grading.grades import Grade
from supercorrect.grading.normalisation import clean_unicode, normalise, to_latex
from supercorrect.grading.pool import CheckResult
from supercorrect.grading.shapes import Scalar, read_shape

Checker = Callable[[str, str], CheckResult]
TASK_NAMES = ("math", "multiple_choice", "exact", "numeric", "regex")


class Task(Protocol):
    """One kind of task: how an answer is found in a completion, and when it is right."""

    def extract(self, completion: str) -> Extraction | None:
        """The answer in a completion; None where there is none."""
        ...

    def grade(self, extraction: Extraction, reference_answer: str) -> Grade:
        """Grade an answer against the reference answer."""
        ...


def make_task(name: str, policy: GradingPolicy, checker: Checker) -> Task:
    """The task of a recipe's name.

    Args:
        name: One of `TASK_NAMES`, or `module:function`.
        checker: Compares in a worker process (computer algebra, or the user's function).

    Raises:
        ConfigError: There is no task of this name.
    """
    if name == "math":
        return MathTask(policy, checker)
    if name == "multiple_choice":
        return MultipleChoiceTask()
    if name == "exact":
        return ExactTask()
    if name == "numeric":
        return NumericTask(policy)
    if name == "regex":
        return RegexTask(checker)
    if re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", name):
        return CallableTask(checker)
    raise ConfigError(f"grading task: expected one of {', '.join(TASK_NAMES)} or module:function, got {name!r}")


def worker_check_of(name: str) -> str:
    """What the workers of this task run: `math`, `regex` or the user's `module:function`."""
    return name if ":" in name or name == "regex" else "math"


def graded(extraction: Extraction, equal: bool | None, reason: str | None = None) -> Grade:
    """The grade of an answer that is equal (True), different (False) or neither (None, with the reason)."""
    status = "ungradable" if equal is None else "correct" if equal else "incorrect"
    return Grade(status, extraction.text, extraction.rule, reason if equal is None else None)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class MathTask:
    """Mathematics: the same text, then safe arithmetic, then math-verify in a worker."""

    policy: GradingPolicy
    checker: Checker

    def extract(self, completion: str) -> Extraction | None:
        """The final answer, by the rules of `extraction`."""
        return extract_answer(completion)

    def grade(self, extraction: Extraction, reference_answer: str) -> Grade:
        """The last answer counts; a list of boxes counts as a list where the reference is one."""
        reference = extract_reference(reference_answer)
        if not reference.text.strip():
            return graded(extraction, True if not extraction.text.strip() else None, "no_reference")
        if not extraction.text.strip():
            return graded(extraction, None, "no_answer")
        results = [self._check(expected, given) for expected, given in _pairings(reference, extraction)]
        for result in results:
            if result.equal:
                return graded(extraction, True)
        failed = next((result for result in results if result.equal is None), None)
        return graded(extraction, None, failed.reason) if failed else graded(extraction, False)

    def _check(self, reference: str, answer: str) -> CheckResult:
        if max(len(reference), len(answer)) > self.policy.max_answer_chars:
            return CheckResult(True) if reference.strip() == answer.strip() else CheckResult(None, "too_long")
        equal = decide(reference, answer, self.policy)
        if equal is not None:
            return CheckResult(equal)
        return self.checker(to_latex(normalise(reference)), to_latex(normalise(answer)))


def _pairings(reference: Extraction, answer: Extraction) -> list[tuple[str, str]]:
    """What is compared with what: the lists where one side lists several boxes, the last answers in any case."""
    pairs = [(reference.text, answer.text)]
    if reference.listed or answer.listed:
        lists = [", ".join(side.listed) if side.listed else side.text for side in (reference, answer)]
        pairs.append((lists[0], lists[1]))
    return pairs


@dataclass(frozen=True, slots=True)
class ExactTask:
    """The same text, but for space at the ends and in between, and invisible characters."""

    def extract(self, completion: str) -> Extraction | None:
        """A marked answer, else the whole completion."""
        found = extract_answer(completion)
        marked = found is not None and found.rule.split("+")[0] in ("answer_tag", "boxed", "hashes", "answer_phrase")
        if found is not None and marked:
            return found
        return Extraction(completion.strip(), "whole_text") if completion.strip() else None

    def grade(self, extraction: Extraction, reference_answer: str) -> Grade:
        """Equal texts are correct; case counts."""
        return graded(extraction, _squeeze(extraction.text) == _squeeze(reference_answer))


def _squeeze(text: str) -> str:
    return " ".join(clean_unicode(text).split())


_LETTER_ALONE = re.compile(r"[\s(\[*\\]*(?:text[a-z]*\s*\{\s*\(?)?(?P<letter>[A-Za-z])\)?\}?[\s)\].:*]*")
_LETTER_AND_TEXT = re.compile(
    r"\s*(?:[(\[*]+(?P<wrapped>[A-Za-z])[)\]*]+[.:]?|(?P<bare>[A-Za-z])\s*[).:])\s*(?P<text>\S.*)", re.DOTALL
)
_TEXT_GROUP = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\s*\{([^{}]*)\}")
_LETTER_IN_PROSE = re.compile(
    r"(?:\(|\b(?:option|choice|answer(?: is)?)\s*:?\s*\(?)(?P<letter>[A-J])\b\)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class MultipleChoiceTask:
    """A letter or the text behind it: `C`, `(C)`, `C. Paris`, `\\text{(C) Paris}`, or `Paris`."""

    def extract(self, completion: str) -> Extraction | None:
        """A marked answer, else the last `(C)` or "option C" in the text."""
        found = ExactTask().extract(completion)
        if found is None or found.rule.split("+")[0] != "whole_text" or _split_choice(found.text)[0]:
            return found
        letters = list(_LETTER_IN_PROSE.finditer(completion))
        return Extraction(letters[-1]["letter"].upper(), "choice_letter") if letters else found

    def grade(self, extraction: Extraction, reference_answer: str) -> Grade:
        """By letter where both have one, else by text; `no_choice` where the two have nothing in common to compare."""
        expected_letter, expected_text = _split_choice(reference_answer)
        letter, text = _split_choice(extraction.text)
        if expected_letter and letter:
            return graded(extraction, letter == expected_letter)
        if expected_text and text:
            return graded(extraction, expected_text == text)
        return graded(extraction, None, "no_choice")


def _split_choice(text: str) -> tuple[str, str]:
    """The letter and the text of a choice, each empty where it is not given."""
    text = _TEXT_GROUP.sub(r"\1", clean_unicode(text).replace("$", "")).strip()
    alone = _LETTER_ALONE.fullmatch(text)
    if alone:
        return alone["letter"].upper(), ""
    both = _LETTER_AND_TEXT.fullmatch(text)
    letter, rest = ((both["wrapped"] or both["bare"]).upper(), both["text"]) if both else ("", text)
    return letter, _squeeze(rest).casefold().strip(" .*")


@dataclass(frozen=True, slots=True)
class NumericTask:
    """One real number, within the policy's `decimal_tolerance`; units, money and percent signs as the policy says."""

    policy: GradingPolicy

    def extract(self, completion: str) -> Extraction | None:
        """The final answer, by the rules of `extraction`."""
        return extract_answer(completion)

    def grade(self, extraction: Extraction, reference_answer: str) -> Grade:
        """Anything that is no number is ungradable."""
        reference = extract_reference(reference_answer).text
        sides = [_read_number(text) for text in (reference, extraction.text)]
        for side, reason in zip(sides, ("unparsable_reference", "unparsable_answer"), strict=True):
            if side is None:
                return graded(extraction, None, reason)
        return graded(extraction, decide(reference, extraction.text, self.policy), "undecided")


def _read_number(text: str) -> Fraction | complex | None:
    """The value of a constant; None where text is none."""
    shape = read_shape(normalise(text))
    if not isinstance(shape, Scalar):
        return None
    try:
        return evaluate(shape.node)
    except UnsupportedExpressionError:
        return None


@dataclass(frozen=True, slots=True)
class RegexTask:
    """The reference answer is a regular expression that must be found in the answer. Searched in a worker: ReDoS."""

    checker: Checker

    def extract(self, completion: str) -> Extraction | None:
        """A marked answer, else the whole completion."""
        return ExactTask().extract(completion)

    def grade(self, extraction: Extraction, reference_answer: str) -> Grade:
        """Correct where `re.search` finds the pattern."""
        result = self.checker(reference_answer, extraction.text)
        return graded(extraction, result.equal, result.reason)


@dataclass(frozen=True, slots=True)
class CallableTask:
    """A function of the user's: `(completion, reference_answer) -> bool | None`, None for "cannot tell"."""

    checker: Checker

    def extract(self, completion: str) -> Extraction | None:
        """The whole completion: the function finds the answer itself."""
        return Extraction(completion, "callable")

    def grade(self, extraction: Extraction, reference_answer: str) -> Grade:
        """What the function returns; `extracted` is None, because only the function knows."""
        result = self.checker(reference_answer, extraction.text)
        outcome = graded(extraction, result.equal, result.reason)
        return Grade(outcome.status, None, extraction.rule, outcome.reason)
