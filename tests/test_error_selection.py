"""Which wrong solutions go to the teacher."""

from __future__ import annotations

from supercorrect.error_selection import choose_errors
from supercorrect.records import Solution, Verdict


def solution(number: int, text: str, problem: str = "p") -> Solution:
    return Solution(
        solution_id=f"s{number}",
        problem_id=problem,
        student="hsft",
        sample_index=number,
        completion=text,
        completion_token_ids=(),
        finish_reason="stop",
    )


def choose(*solutions: Solution, extracted: str = "7", cap: int | None = None) -> tuple[list[str], dict[str, str]]:
    verdicts = {
        s.solution_id: Verdict(
            verdict_id="v", solution_id=s.solution_id, problem_id=s.problem_id, status="incorrect", extracted=extracted
        )
        for s in solutions
    }
    chosen, rejections = choose_errors(solutions, verdicts, cap, stage="corrections")
    return [s.solution_id for s in chosen], {r.item_id: r.reason for r in rejections}


def test_solutions_that_say_the_same_are_sent_once() -> None:
    first = solution(0, "<Step1> We add $3 + 3 = 7$. </Step1><Answer> 7 </Answer>")
    second = solution(1, "<Step1>we add  3+3=7</Step1><Answer> 7 </Answer>")
    assert choose(first, second) == (["s0"], {"s1": "near_identical"})


def test_another_word_number_sign_or_step_is_another_error() -> None:
    texts = ["3 + 3 = 7", "3 + 4 = 7", "3 - 3 = 7", "3 + 3 = 7 </Step1><Step2> 7 = 7", "\\sin 3 = 7", "\\cos 3 = 7"]
    solutions = [solution(i, f"<Step1> {text} </Step1><Answer> 7 </Answer>") for i, text in enumerate(texts)]
    assert choose(*solutions) == ([f"s{i}" for i in range(6)], {})


def test_the_same_words_about_another_problem_stay() -> None:
    text = "<Step1> 3 + 3 = 7 </Step1>"
    assert choose(solution(0, text), solution(1, text, problem="q"))[1] == {}


def test_no_more_of_a_problem_than_the_cap_and_none_without_steps() -> None:
    solutions = [solution(i, f"<Step1> 3 + {i} = 9 </Step1>") for i in range(3)]
    chosen, refused = choose(*solutions, solution(3, "I give up."), cap=2)
    assert chosen == ["s0", "s1"]
    assert refused == {"s2": "over_cap", "s3": "solution_without_steps"}
