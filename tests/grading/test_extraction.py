"""Which answer is taken out of a completion, and by which rule."""

import pytest

from supercorrect.grading import extract_answer
from supercorrect.grading.extraction import extract_reference

TAGS = [
    ("<Answer>7</Answer>", "7", "answer_tag"),
    ("<Answer:>7</Answer>", "7", "answer_tag"),
    ("< answer >7</ANSWER >", "7", "answer_tag"),
    ("<Answer>7", "7", "answer_tag"),
    ("<Answer>5</Answer> no, <Answer>7</Answer>", "7", "answer_tag"),
    ("<Answer>7</Answer><Answer></Answer>", "7", "answer_tag"),
    ("<Answer>\n**7**\n</Answer>", "7", "answer_tag"),
    ("\\boxed{5} <Answer>7</Answer>", "7", "answer_tag"),
    ("<Answer>$\\boxed{7}$ apples</Answer>", "7", "answer_tag+boxed"),
    ("<Answer>The answer is 7.</Answer>", "7", "answer_tag+answer_phrase"),
    ("<Answer>\nSo in the end she pays 7 dollars in total.\n</Answer>", "7", "answer_tag+last_number"),
    ("<Generalized>x</Generalized>\n<Answer>\\frac{1}{2}</Answer>", "\\frac{1}{2}", "answer_tag"),
]
BOXES = [
    ("so $\\boxed{7}$.", "7"),
    ("first $\\boxed{5}$. Wait, that is wrong.\n\nIt is $\\boxed{7}$.", "7"),
    ("\\boxed{\\boxed{7}}", "7"),
    ("\\boxed{x = \\boxed{7}}", "7"),
    ("\\boxed{\\frac{1}{\\sqrt{2}}}", "\\frac{1}{\\sqrt{2}}"),
    ("\\boxed{\\{1,2\\}}", "\\{1,2\\}"),
    ("\\fbox{7}", "7"),
    ("\\boxed 7", "7"),
    ("\\boxed{17} and then the text is cut at \\boxed{", "17"),
    ("(x-\\boxed{\\phantom{09}}) gives \\boxed{-5}", "-5"),
    ("there are $\\boxed{}$ primes", ""),
    ("the answer is 5, so \\boxed{7}", "7"),
    ("\\boxed{7}\n\n#### 5", "7"),
]
OTHERS = [
    ("16 - 3 = 13\n#### 72", "72", "hashes"),
    ("#### Step 1\nAdd.\n#### 1,000", "1,000", "hashes"),
    ("#### 12\n\n#### Step 2 is not here\nThe end", "12", "hashes"),
    ("9 * 2 = $<<9*2=18>>18 a day\nA: 18", "18", "answer_phrase"),
    ("The answer is 7.", "7", "answer_phrase"),
    ("**Answer:** 7", "7", "answer_phrase"),
    ("**Final Answer**: $\\frac{1}{2}$", "\\frac{1}{2}", "answer_phrase"),
    ("Final Answer: The final answer is $[-3, 2]$. I hope it is correct.", "[-3, 2]", "answer_phrase"),
    ("Answer:\n\n$$x^2+1$$\n", "x^2+1", "answer_phrase"),
    ("The answer is 5. No: the answer is 3.5.", "3.5", "answer_phrase"),
    ("The answer is that we need $12$ of them", "12", "answer_phrase"),
    ("the answer is $21$ or $11$.", "$21$ or $11$", "answer_phrase"),
    ("x^2+1", "x^2+1", "whole_text"),
    ("(5,2),(7,2)", "(5,2),(7,2)", "whole_text"),
    ("Evelyn", "Evelyn", "whole_text"),
    ("Therefore we see that $x \\geq 5$ is the solution of it.", "x \\geq 5", "last_formula"),
    ("She pays $5 in the morning and then he pays $7 in the evening.", "$7", "last_number"),
    ("He walks for 2 hours and rests, so 1,000.99m² in all were walked", "1,000.99", "last_number"),
]


@pytest.mark.parametrize(("completion", "answer", "rule"), TAGS + OTHERS)
def test_each_rule_finds_the_last_answer(completion: str, answer: str, rule: str) -> None:
    extraction = extract_answer(completion)
    assert extraction is not None
    assert (extraction.text, extraction.rule) == (answer, rule)


@pytest.mark.parametrize(("completion", "answer"), BOXES)
def test_the_last_innermost_box_counts(completion: str, answer: str) -> None:
    extraction = extract_answer(completion)
    assert extraction is not None
    assert (extraction.text, extraction.rule) == (answer, "boxed")


@pytest.mark.parametrize("completion", ["", "   \n", "I do not know.", "\x00", "Sorry, there is nothing to say here"])
def test_no_answer_is_none(completion: str) -> None:
    assert extract_answer(completion) is None


def test_a_list_of_boxes_is_kept_beside_its_last_answer() -> None:
    extraction = extract_answer("The roots are $\\boxed{5}$ or $k = \\boxed{-3}$.")
    assert extraction is not None
    assert (extraction.text, extraction.listed) == ("-3", ("5", "-3"))


def test_two_ways_to_one_answer_are_no_list() -> None:
    extraction = extract_answer("so $\\boxed{30}$.\n\n- OR -\n\nWe see that it is $\\boxed{60}$.")
    assert extraction is not None
    assert (extraction.text, extraction.listed) == ("60", ())


def test_thinking_and_what_comes_after_the_turn_are_not_read() -> None:
    text = "<think>maybe \\boxed{1}</think>It is \\boxed{2}.<|im_end|>\n<|im_start|>user\nand \\boxed{3}?"
    extraction = extract_answer(text)
    assert extraction is not None
    assert extraction.text == "2"


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        ("\\frac{1}{2}", "\\frac{1}{2}"),
        ("$9$", "9"),
        ("a long way\n#### 2,125", "2,125"),
        ("She makes 18\nA: 18", "18"),
        ("We get $x=\\boxed{-3}$.", "-3"),
    ],
)
def test_a_reference_is_an_answer_or_a_whole_solution(reference: str, answer: str) -> None:
    assert extract_reference(reference).text == answer


@pytest.mark.parametrize(
    "text", ["\\boxed{" * 30_000, "<answer>" * 30_000, "{" * 300_000, "answer is " * 30_000, "$" * 300_000]
)
def test_a_huge_text_is_read_in_linear_time(text: str) -> None:
    extract_answer(text)


@pytest.mark.parametrize("text", ["<" + " " * 200_000, "< / final answer" + "\n" * 200_000, "<answer" + "\t" * 200_000])
def test_spaces_that_lead_to_no_tag_are_passed_over(text: str) -> None:
    """Trying them in every way would take minutes, in the process that nobody kills."""
    extraction = extract_answer(text + "7")
    assert extraction is not None and extraction.text == "7"
