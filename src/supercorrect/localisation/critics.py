"""Critics: whoever reads a solution and names its first wrong step. A model behind a URL, or one that runs here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

from supercorrect.budget import Budget
from supercorrect.config import EndpointConfig, SamplingConfig, StudentConfig
from supercorrect.formats import StepSpan, close_step, open_step, parse_step_review, render_steps
from supercorrect.grading import extract_answer
from supercorrect.localisation.labelled import LabelledSolution
from supercorrect.localisation.reviews import Review, read_trace
from supercorrect.models import ChatRequest, OpenAICompatibleModel, ServedEndpoint, ask_model
from supercorrect.models.endpoint import given_url, public_url
from supercorrect.models.student import Student
from supercorrect.progress import Reporter
from supercorrect.prompts import hash_prompt, read_template, render_prompt
from supercorrect.reviewing import Finding, WrittenSolution, review_steps, rewrite_from
from supercorrect.store import RequestStore
from supercorrect.training.rendering import text_ids


class Critic(Protocol):
    """Whoever names the first wrong step of solutions."""

    @property
    def settings(self) -> dict[str, Any]:
        """What its reviews depend on, as it stands beside every score."""

    def review(self, solutions: Sequence[LabelledSolution]) -> list[Review]:
        """One review a solution, in order."""


def describe_prompt(template: str) -> dict[str, str]:
    """A prompt's name and the hash of its text."""
    return {"prompt": template, "prompt_hash": hash_prompt(template)}


@dataclass(frozen=True)
class EndpointCritic:
    """A model behind an OpenAI-compatible URL: it writes a whole correction trace."""

    endpoint: EndpointConfig
    template: str
    store: RequestStore
    budget: Budget
    reporter: Reporter

    @property
    def settings(self) -> dict[str, Any]:
        """Model, URL without its secrets, prompt and decoding."""
        return {
            "model": self.endpoint.model,
            "endpoint": public_url(given_url(self.endpoint)),
            "reviewing": "trace",
            **describe_prompt(self.template),
            "decoding": self.endpoint.sampling.model_dump(),
        }

    def review(self, solutions: Sequence[LabelledSolution]) -> list[Review]:
        """Ask about all solutions; what the store holds costs nothing. A reply that is none is unreadable."""
        template = read_template(self.template)
        prompts = [render_prompt(template, problem=s.problem, steps=render_steps(s.steps)) for s in solutions]
        requests = [ChatRequest((("user", prompt),), self.endpoint.sampling) for prompt in prompts]
        with ServedEndpoint("critic", self.endpoint) as served:
            model = OpenAICompatibleModel("critic", served, self.store, self.budget)
            replies, _ = ask_model(model, requests, self.reporter, "eval-localisation")
        return [
            read_trace(reply.text, len(solution.steps))
            if reply.status == "ok"
            else Review(unreadable=reply.status, reply=reply.text or reply.detail)
            for solution, reply in zip(solutions, replies, strict=True)
        ]


@dataclass(frozen=True)
class GivenSolution(WrittenSolution):
    """A solution whose steps are given, and stay as they are whatever stands in them."""

    given: tuple[str, ...] = ()

    @cached_property
    def steps(self) -> list[StepSpan]:
        """The given steps, by their place in the text that `render_steps` makes of them."""
        spans: list[StepSpan] = []
        start = 0
        for k, text in enumerate(self.given, 1):
            end = start + len(open_step(k, text) + close_step(k))
            spans.append(StepSpan(text, start, end))
            start = end + 1
        return spans


@dataclass(frozen=True)
class StudentCritic:
    """A model that runs here: the trace is written together, step by step, as a student corrects itself.

    Attributes:
        template: The correction prompt.
        solving_template: The prompt under which it writes the solution anew, from the step that it faulted on.
        seed: Of sampling; greedy decoding draws nothing.
    """

    student: Student
    config: StudentConfig
    template: str
    solving_template: str
    sampling: SamplingConfig
    seed: int
    store: RequestStore
    reporter: Reporter

    @property
    def settings(self) -> dict[str, Any]:
        """Model and its fingerprint, prompts, decoding and seed."""
        return {
            "model": self.student.name,
            "model_fingerprint": self.student.fingerprint,
            "dtype": self.config.dtype,
            "reviewing": "step by step",
            **describe_prompt(self.template),
            "solving_prompt": describe_prompt(self.solving_template),
            "decoding": self.sampling.model_dump(),
            "seed": self.seed,
        }

    def review(self, solutions: Sequence[LabelledSolution]) -> list[Review]:
        """Ask about each step in turn, and about none behind the first that is faulted or cannot be read."""
        written = [self._write(solution) for solution in solutions]
        reviews: dict[int, Review] = {}
        steps = max((len(solution.steps) for solution in solutions), default=0)
        with self.reporter.task(f"eval-localisation: {self.student.name}", total=len(solutions)) as task:
            for step in range(1, steps + 1):
                asked = [i for i, s in enumerate(solutions) if step <= len(s.steps) and i not in reviews]
                reviews |= self._review_step(step, {i: written[i] for i in asked})
                ended = sum(i not in reviews and len(s.steps) <= step for i, s in enumerate(solutions))
                task.update(len(reviews) + ended, f"step {step} of {steps}")
        return self._answered(solutions, written, [reviews.get(i, Review()) for i in range(len(solutions))])

    def _write(self, solution: LabelledSolution) -> GivenSolution:
        text = render_steps(solution.steps)
        ids = tuple(text_ids(self.student.tokenizer, text))
        return GivenSolution(solution.problem, text, ids, given=solution.steps)

    def _review_step(self, step: int, asked: dict[int, GivenSolution]) -> dict[int, Review]:
        """What is settled at this step: it is faulted, or what is written about it cannot be read."""
        questions = [(solution, step) for solution in asked.values()]
        completions = review_steps(self.student, self.store, questions, self.template, self.sampling, seed=self.seed)
        settled: dict[int, Review] = {}
        for i, completion in zip(asked, completions, strict=True):
            review = parse_step_review(completion.text)
            if review.cause is not None or review.correction is not None:
                settled[i] = Review(step, review.cause, review.correction, reply=completion.text)
            elif not review.closed:
                reason = "truncated" if completion.finish_reason == "length" else "step_not_closed"
                settled[i] = Review(unreadable=reason, reply=completion.text)
        return settled

    def _answered(
        self, solutions: Sequence[LabelledSolution], written: Sequence[GivenSolution], reviews: list[Review]
    ) -> list[Review]:
        """The reviews, with the answers of solutions written anew from the corrected step on, where one is known."""
        named = [i for i, r in enumerate(reviews) if r.correction and solutions[i].reference_answer is not None]
        findings = [Finding(r.named_step or 0, r.cause, r.correction) for r in (reviews[i] for i in named)]
        texts = rewrite_from(
            self.student,
            self.store,
            [written[i] for i in named],
            findings,
            self.solving_template,
            self.sampling,
            seed=self.seed,
        )
        for i, text in zip(named, texts, strict=True):
            found = extract_answer(text) if text != written[i].text else None
            reviews[i] = replace(reviews[i], answer=found.text if found else None)
        return reviews
