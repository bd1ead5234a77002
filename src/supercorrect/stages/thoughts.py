"""Thoughts: the teacher rewrites each reference solution as a hierarchical thought (D_sft of section 4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from supercorrect.arms import ControlArm, round_arms
from supercorrect.context import StageContext
from supercorrect.errors import ConfigError
from supercorrect.formats import ParseResult, parse_thought, render_thought
from supercorrect.grading import Grader
from supercorrect.judging import open_grader
from supercorrect.manifest import StageCounts
from supercorrect.prompts import read_template, render_prompt
from supercorrect.records import Attempt, Demonstration, Message, ParsedThought, Problem, Thought, make_id
from supercorrect.store import StoredResponse
from supercorrect.supervision import Assignment, Refusal, grade_replies, refuse_answer, refuse_reply, supervise
from supercorrect.training.rendering import user_message


def run(context: StageContext, control: ControlArm | None = None) -> tuple[StageCounts, list[Path]]:
    """Write `data/thoughts/hsft.jsonl` and the training set made of them, `data/hsft/train.jsonl`.

    Those of a control are called by its name instead.
    """
    name, train = (control.name, f"hsft/{control.name}") if control else ("hsft", "hsft/train")
    problems = choose_problems(context, control) if control else context.folder.read("problems/hsft", Problem)
    teachers = [control.teacher] if control and control.teacher else None
    template = read_template(context.recipe.prompts.thought_extraction)
    assignments = [
        Assignment(p.problem_id, render_prompt(template, problem=p.problem, reference_solution=p.reference_solution), p)
        for p in problems
    ]
    with open_grader(context.recipe.grading) as grader:

        def read(replies: Sequence[tuple[int, StoredResponse]]) -> list[Thought | Refusal]:
            return read_thoughts([(problems[i], reply) for i, reply in replies], grader)

        supervised = supervise(context, assignments, read, teachers)
    thoughts = [thought for _, thought in sorted(supervised.accepted.items())]
    rejections = supervised.rejections(context.stage, assignments)
    rows = [
        demonstrate(problems[i], thought, context.recipe.prompts.hierarchical)
        for i, thought in sorted(supervised.accepted.items())
    ]
    outputs = [
        context.folder.write(f"thoughts/{name}", thoughts),
        context.folder.write(train, rows),
        context.folder.write(f"attempts/{context.stage}", supervised.attempts),
        context.folder.write_rejects(context.stage, rejections),
    ]
    return supervised.costs.with_rejections(len(problems), rejections), outputs


def choose_problems(context: StageContext, control: ControlArm) -> list[Problem]:
    """The problems that a control has demonstrated: as many as its budget of calls or tokens allows."""
    problems = context.folder.read(f"problems/{control.split}", Problem)
    if control.fresh is None:
        return problems
    stages = (arm.errors.name.replace("errors", "corrections") for arm in round_arms(context.recipe))
    spent = [attempt for stage in stages for attempt in context.folder.read(f"attempts/{stage}", Attempt)]
    wanted = len(spent)
    if control.fresh == "tokens":
        if any(attempt.output_tokens is None for attempt in spent):
            raise ConfigError(
                f"controls: {control.name}: expected a teacher that tells how many tokens it wrote; this one does not, "
                "so use 'fresh: calls'"
            )
        made = context.folder.read("attempts/thoughts", Attempt)
        each = sum(attempt.output_tokens or 0 for attempt in made) / max(1, len(made))
        wanted = round(sum(attempt.output_tokens or 0 for attempt in spent) / max(1.0, each))
    context.folder.log_event("fresh_problems", control=control.name, due=wanted, there=len(problems))
    if wanted > len(problems):
        context.reporter.say(
            f"{control.name}: {wanted} fresh problems are due, and {len(problems)} are there: it gets less than "
            "stage 2 did; more problems in problems.errors mend that"
        )
    return problems[:wanted]


def read_thoughts(replies: Sequence[tuple[Problem, StoredResponse]], grader: Grader) -> list[Thought | Refusal]:
    """Accept what parses, has a `<Generalized>`, keeps the reference solution to itself, and has its answer."""
    parsed = [parse_thought(reply.text) for _, reply in replies]
    grades = grade_replies(grader, parsed, [problem for problem, _ in replies])
    return [
        refuse_reply(reply, thought, problem.problem)
        or refuse_answer(grade, problem)
        or _thought(thought, problem, reply)
        for (problem, reply), thought, grade in zip(replies, parsed, grades, strict=True)
    ]


def _thought(parsed: ParseResult[ParsedThought], problem: Problem, reply: StoredResponse) -> Thought | Refusal:
    if parsed.record is None or parsed.record.generalized is None:
        return Refusal("no_generalized", remark="<Generalized> is missing")
    return Thought(
        thought_id=make_id("thought", problem.problem_id, reply.key),
        problem_id=problem.problem_id,
        teacher=reply.model,
        request_key=reply.key,
        completion=reply.text,
        thought=parsed.record,
        repairs=parsed.repairs,
    )


def demonstrate(problem: Problem, thought: Thought, template: str) -> Demonstration:
    """The training row: the student's own prompt, and the thought in canonical form."""
    messages = (
        Message(role="user", content=user_message(template, problem=problem.problem)),
        Message(role="assistant", content=render_thought(thought.thought)),
    )
    return Demonstration(problem_id=problem.problem_id, thought_id=thought.thought_id, messages=messages)
