"""Asking teachers until what they write is accepted: remarks go back to the teacher, then the next teacher is asked.

A reply is first read by the stage, which refuses what does not parse or does not grade; what it accepts goes to the
inspector, where the recipe has one (sections 4.1 and 4.2: at most three rounds). Every attempt is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from supercorrect.config import EndpointConfig
from supercorrect.context import StageContext
from supercorrect.formats import FAILURES, ParseResult, parse_inspection
from supercorrect.grading import Grade, Grader
from supercorrect.manifest import StageCounts
from supercorrect.models import ChatRequest, ask_endpoint
from supercorrect.prompts import read_template, render_prompt
from supercorrect.records import Attempt, Problem, Record, Rejection
from supercorrect.store import StoredResponse

Accepted = TypeVar("Accepted", bound=Record)
_MENTIONS_REFERENCE = re.compile(r"\b(?:reference[ -](?:solution|answer)|answer key)", re.IGNORECASE)
Talk = tuple[tuple[str, str], ...]
"""Turns of role and content, in order."""


@dataclass(frozen=True)
class Assignment:
    """One thing that is wanted of a teacher.

    Attributes:
        prompt: What the teacher is asked.
        problem: What it is about, for the inspector.
        student_solution: The steps that are to be corrected; empty for a thought.
    """

    item_id: str
    prompt: str
    problem: Problem
    student_solution: str = ""


@dataclass(frozen=True)
class Refusal:
    """Why a reply is not accepted. `remark` is what its writer is told; by default the detail, else the reason."""

    reason: str
    detail: str = ""
    remark: str = ""

    @property
    def told(self) -> str:
        """What the teacher reads."""
        return self.remark or self.detail or self.reason.replace("_", " ")


def refuse_reply(reply: StoredResponse, parsed: ParseResult[Any], seen: str) -> Refusal | None:
    """Why a reply cannot be used whatever it says: there is none, it does not parse, it names its source. None: it can.

    Args:
        seen: What the student has before it; the words that are looked for may come from there.
    """
    if reply.status != "ok":
        return Refusal(reply.status, reply.detail)
    if parsed.failure is not None:
        return Refusal(parsed.failure, reply.text[:200], FAILURES[parsed.failure])  # type: ignore[index]
    mentioned = {words.casefold() for words in _MENTIONS_REFERENCE.findall(reply.text)}
    if any(words not in seen.casefold() for words in mentioned):
        return Refusal("mentions_reference", remark="do not mention that there is a reference solution")
    return None


def grade_replies(grader: Grader, parsed: Sequence[ParseResult[Any]], problems: Sequence[Problem]) -> list[Grade]:
    """The answers of parsed replies against the references; what did not parse has an empty answer."""
    answers = [result.record.answer or "" if result.record else "" for result in parsed]
    return grader.grade_answers([(a, p.reference_answer) for a, p in zip(answers, problems, strict=True)])


def refuse_answer(grade: Grade, problem: Problem) -> Refusal | None:
    """Why an answer is not that of the reference. None: it is."""
    if grade.status == "correct":
        return None
    detail = f"expected {problem.reference_answer}, got {grade.extracted}"
    return Refusal(f"answer_{grade.status}", detail, f"the final answer has to be {problem.reference_answer}")


Reader = Callable[[Sequence[tuple[int, StoredResponse]]], Sequence[Accepted | Refusal]]
"""Reads replies, each with the index of its assignment: a record, or why there is none."""


@dataclass
class Supervised(Generic[Accepted]):
    """What became of the assignments, by their index, and what it took."""

    accepted: dict[int, Accepted] = field(default_factory=dict)
    refused: dict[int, Refusal] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    costs: StageCounts = field(default_factory=StageCounts)

    def rejections(self, stage: str, assignments: Sequence[Assignment]) -> list[Rejection]:
        """What was never accepted, each with its last reason."""
        return [
            Rejection(stage=stage, item_id=assignments[i].item_id, reason=r.reason, detail=r.detail)
            for i, r in sorted(self.refused.items())
        ]


def supervise(
    context: StageContext,
    assignments: Sequence[Assignment],
    read: Reader[Accepted],
    teachers: Sequence[EndpointConfig] | None = None,
) -> Supervised[Accepted]:
    """Have every assignment done, by the first teacher that does it to satisfaction.

    Args:
        assignments: What is wanted.
        read: The stage's own reading; it sees all replies of a round at once.
        teachers: Asked in this order. None: the recipe's, cheap first.
    """
    result: Supervised[Accepted] = Supervised()
    waiting = list(range(len(assignments)))
    for teacher in teachers or context.recipe.teachers:
        waiting = _Rounds(context, assignments, read, teacher, result).run(waiting)
    return result


class _Rounds(Generic[Accepted]):
    """One teacher's rounds: it is asked, and told what is wrong, at most `max_rounds` times."""

    def __init__(
        self,
        context: StageContext,
        assignments: Sequence[Assignment],
        read: Reader[Accepted],
        teacher: EndpointConfig,
        result: Supervised[Accepted],
    ) -> None:
        self._context = context
        self._assignments = assignments
        self._read = read
        self._teacher = teacher
        self._result = result
        prompts = context.recipe.prompts
        self._revision, self._inspection = read_template(prompts.revision), read_template(prompts.inspection)

    def run(self, waiting: list[int]) -> list[int]:
        """Returns the indices of what this teacher has not done."""
        talks: dict[int, Talk] = {i: (("user", self._assignments[i].prompt),) for i in waiting}
        for number in range(1, self._context.recipe.max_rounds + 1):
            asked = [i for i in waiting if i in talks]
            if not asked:
                break
            replies = dict(zip(asked, self._ask("teacher", self._teacher, [talks[i] for i in asked]), strict=True))
            outcomes = dict(zip(asked, self._read(list(replies.items())), strict=True))
            inspected = self._inspect({i: replies[i] for i, o in outcomes.items() if not isinstance(o, Refusal)})
            for i, outcome in outcomes.items():
                verdict = inspected.get(i)
                fault = _fault(verdict) if verdict else None
                self._settle(i, number, replies[i], fault or outcome, verdict)
                refusal = self._result.refused.get(i)
                if refusal is not None and replies[i].text.strip():
                    told = render_prompt(self._revision, remark=refusal.told)
                    talks[i] = (*talks[i], ("assistant", replies[i].text), ("user", told))
                else:
                    del talks[i]  # accepted, or there is nothing that could be revised
            waiting = [i for i in waiting if i not in self._result.accepted]
        return waiting

    def _settle(
        self,
        index: int,
        number: int,
        reply: StoredResponse,
        outcome: Accepted | Refusal,
        verdict: StoredResponse | None,
    ) -> None:
        refusal = outcome if isinstance(outcome, Refusal) else None
        if isinstance(outcome, Refusal):
            self._result.refused[index] = outcome
        else:
            self._result.accepted[index] = outcome
            self._result.refused.pop(index, None)
        self._result.attempts.append(
            Attempt(
                item_id=self._assignments[index].item_id,
                stage=self._context.stage,
                teacher=reply.model,
                round=number,
                request_key=reply.key,
                inspector_request_key=verdict.key if verdict else None,
                reason=refusal.reason if refusal else None,
                remark=refusal.told if refusal else None,
                output_tokens=reply.output_tokens,
                usd=_sum_usd(reply, verdict),
            )
        )

    def _inspect(self, replies: dict[int, StoredResponse]) -> dict[int, StoredResponse]:
        """The inspector's replies by index; none where the recipe has no inspector."""
        inspector = self._context.recipe.inspector
        if inspector is None or not replies:
            return {}
        talks = []
        for i, reply in replies.items():
            assignment = self._assignments[i]
            prompt = render_prompt(
                self._inspection,
                problem=assignment.problem.problem,
                reference_solution=assignment.problem.reference_solution,
                student_solution=assignment.student_solution,
                work=reply.text,
            )
            talks.append((("user", prompt),))
        return dict(zip(replies, self._ask("inspector", inspector, talks), strict=True))

    def _ask(self, role: str, endpoint: EndpointConfig, talks: Sequence[Talk]) -> list[StoredResponse]:
        requests = [ChatRequest(talk, endpoint.sampling) for talk in talks]
        responses, costs = ask_endpoint(self._context, role, endpoint, requests)
        self._result.costs = self._result.costs.plus(costs)
        return responses


def _sum_usd(reply: StoredResponse, verdict: StoredResponse | None) -> float | None:
    costs = [reply.usd, *([verdict.usd] if verdict else [])]
    return None if any(cost is None for cost in costs) else sum(cost or 0.0 for cost in costs)


def _fault(verdict: StoredResponse) -> Refusal | None:
    """What an inspector's reply says against the work. An unreadable reply is no approval."""
    if verdict.status != "ok":
        return Refusal("inspection_failed", f"{verdict.status}: {verdict.detail}", "the inspector gave no verdict")
    inspection = parse_inspection(verdict.text)
    if inspection.verdict is None:
        return Refusal("inspection_unreadable", verdict.text[:200], "the inspector gave no verdict")
    if inspection.verdict == "accept":
        return None
    return Refusal("inspector", inspection.remarks or "the inspector is not satisfied")
