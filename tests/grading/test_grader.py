"""The public calls: one line, many rows, threads, event loops, daemonic processes; and the three outcomes."""

import asyncio
import multiprocessing
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from supercorrect.errors import ConfigError
from supercorrect.grading import Grade, Grader, equivalent, grade

NEEDS_ALGEBRA = ("AB", "BA")  # words or a product? only computer algebra says


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader() as shared:
        yield shared


def test_one_line_grades_one_answer() -> None:
    assert grade("so $\\boxed{0.5}$", "\\frac{1}{2}") == Grade("correct", "0.5", "boxed", None)
    assert grade("so $\\boxed{0.6}$", "\\frac{1}{2}").status == "incorrect"
    assert equivalent("\\frac{1}{2}", "0.5") is True


def test_short_answers_start_no_worker() -> None:
    with Grader() as fresh:
        assert fresh.grade("\\boxed{7}", "7").status == "correct"
        assert fresh.grade("\\boxed{x^2-1}", "(x-1)(x+1)").status == "correct"
        assert fresh.workers_running == 0


def test_algebra_is_asked_where_arithmetic_cannot_tell(grader: Grader) -> None:
    assert grader.grade_answer(*NEEDS_ALGEBRA).status == "correct"
    assert grader.workers_running >= 1


@pytest.mark.parametrize(
    ("completion", "reference", "reason"),
    [
        ("I do not know.", "7", "no_answer"),
        ("\\boxed{}", "7", "no_answer"),
        ("\\boxed{7}", "", "no_reference"),
        ("\\boxed{" + "1+" * 2000 + "1}", "7", "too_long"),
        ("\\boxed{\\frac{}{}}", "7", "unparsable_answer"),
        ("\\boxed{7}", "\\frac{}{}", "unparsable_reference"),
        ("\\boxed{9^{9^{9^{9^9}}}}", "7", "timeout"),
    ],
)
def test_what_cannot_be_graded_is_not_wrong(grader: Grader, completion: str, reference: str, reason: str) -> None:
    outcome = grader.grade(completion, reference)
    assert (outcome.status, outcome.reason) == ("ungradable", reason)


def test_the_pool_goes_on_after_a_kill(grader: Grader) -> None:
    for _ in range(2):
        assert grader.grade_answer("9^{9^{9^{9^9}}}", "7").reason == "timeout"
        assert grader.grade_answer(*NEEDS_ALGEBRA).status == "correct"


def test_many_rows_come_back_in_order(grader: Grader) -> None:
    rows = [(f"\\boxed{{{number}}}", str(number if number % 3 else number + 1)) for number in range(60)]
    rows[30] = NEEDS_ALGEBRA
    statuses = [outcome.status for outcome in grader.grade_many(rows)]
    assert statuses == ["correct" if number % 3 or number == 30 else "incorrect" for number in range(60)]


def test_threads_share_a_grader(grader: Grader) -> None:
    with ThreadPoolExecutor(8) as executor:
        outcomes = list(executor.map(lambda _: grader.grade_answer(*NEEDS_ALGEBRA), range(16)))
    assert {outcome.status for outcome in outcomes} == {"correct"}


def test_an_event_loop_is_not_blocked(grader: Grader) -> None:
    async def grade_while_ticking() -> tuple[list[Grade], int]:
        ticks = 0
        rows = [NEEDS_ALGEBRA, ("\\boxed{9^{9^{9^{9^9}}}}", "7")]
        tasks = [asyncio.create_task(grader.grade_async(*row)) for row in rows]
        while not all(task.done() for task in tasks):
            ticks += 1
            await asyncio.sleep(0.001)
        return [task.result() for task in tasks], ticks

    outcomes, ticks = asyncio.run(grade_while_ticking())
    assert [outcome.reason for outcome in outcomes] == [None, "timeout"]
    assert ticks > 20


def _grade_in_child(queue: "multiprocessing.Queue[str]") -> None:
    queue.put(grade(*NEEDS_ALGEBRA).status)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_daemonic_process_can_grade(method: str) -> None:
    """As in a torch data loader or a Ray worker: daemonic, and (with fork) the parent's grader already running."""
    assert grade(*NEEDS_ALGEBRA).status == "correct"
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    process = context.Process(target=_grade_in_child, args=(queue,), daemon=True)
    process.start()
    assert queue.get(timeout=300) == "correct"
    process.join(timeout=30)


def test_importing_grading_imports_no_computer_algebra() -> None:
    code = (
        "import sys; from supercorrect.grading import grade; grade('\\\\boxed{1/2}', '0.5'); "
        "print([name for name in ('sympy', 'math_verify', 'torch') if name in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"


@pytest.mark.parametrize("arguments", [{"workers": 0}, {"timeout_seconds": 0}, {"memory_mb": 10}, {"task": "maths"}])
def test_a_bad_setting_says_what_was_expected(arguments: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        Grader(**arguments)  # type: ignore[arg-type]
