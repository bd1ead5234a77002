"""Thoughts as models write them. Each case is named by where it comes from."""

from __future__ import annotations

import pytest

from supercorrect.formats import FAILURES, parse_thought, render_thought
from supercorrect.records import ParsedThought, ThoughtStep

CANONICAL = r"""<Step1> Since $x < 3$, <Key> a smaller bound keeps the sign </Key> we get $a & b \\ c$. </Step1>
<Step2> So $0 < x < 3$. </Step2>
<Generalized> Bound first, then solve. </Generalized>
<Answer> $\frac{1}{2}$ </Answer>"""


def test_canonical_text_is_read_without_repairs_and_written_back() -> None:
    result = parse_thought(CANONICAL)
    assert result.ok and result.repairs == () and result.failure is None
    assert result.record == ParsedThought(
        steps=(
            ThoughtStep(
                text=r"Since $x < 3$, <Key> a smaller bound keeps the sign </Key> we get $a & b \\ c$.",
                keys=("a smaller bound keeps the sign",),
            ),
            ThoughtStep(text="So $0 < x < 3$."),
        ),
        generalized="Bound first, then solve.",
        answer=r"$\frac{1}{2}$",
    )
    assert render_thought(result.record) == CANONICAL


A = "<Answer> 7 </Answer>"
CASES: list[tuple[str, str, list[str], str, list[str]]] = [
    # origin, text, steps, answer, repairs
    ("method.md: <Step 1>", f"<Step 1> a </Step 1> {A}", ["a"], "7", ["tag_respelled"]),
    ("method.md: <Step 1:>", f"<Step 1:> a </Step 1:> {A}", ["a"], "7", ["tag_respelled"]),
    ("method.md: <Answer:>", "<Step1> a </Step1> <Answer:> 7 </Answer:>", ["a"], "7", ["tag_respelled"]),
    ("method.md: <key>", f"<Step1> <key> k </key> </Step1>{A}", ["<Key> k </Key>"], "7", ["tag_respelled"]),
    ("brief: <step_1> </ Step1>", f"<step_1> a </ Step1> {A}", ["a"], "7", ["tag_respelled"]),
    ("model: <STEP-1> <Step #2>", f"<STEP-1>a</STEP-1><Step #2>b</Step #2>{A}", ["a", "b"], "7", ["tag_respelled"]),
    ("model: <Step 01>", f"<Step01> a </Step01> {A}", ["a"], "7", ["tag_respelled"]),
    ("model: numbered key", f"<Step1> <Key1> k </Key1> </Step1>{A}", ["<Key> k </Key>"], "7", ["tag_respelled"]),
    ("method.md: <Key> closed by <Key>", f"<Step1> a <Key> k <Key> b </Step1>{A}", ["a <Key> k </Key> b"], "7",
     ["closed_by_opening_tag"]),
    ("model: every closing tag without its slash", "<Step1> a <Step1>\n<Step2> b <Step2>\n<Answer> 7 <Answer>",
     ["a", "b"], "7", ["closed_by_opening_tag"]),
    ("model: <Answer> closed by <Answer>, then chat", "<Step1>a</Step1><Answer> 7 <Answer> Bye!", ["a"], "7",
     ["text_outside_tags", "closed_by_opening_tag"]),
    ("method.md: key never closed", f"<Step1> a <Key> k </Step1>{A}", ["a <Key> k </Key>"], "7",
     ["missing_closing_tag"]),
    ("model: two keys, the first never closed", f"<Step1> <Key> k <Key> m </Key> </Step1>{A}",
     ["<Key> k </Key> <Key> m </Key>"], "7", ["missing_closing_tag"]),
    ("method.md: no step closed", "<Step1> a <Step2> b <Answer> 7", ["a", "b"], "7", ["missing_closing_tag"]),
    ("model: unnumbered, none closed", f"<Step> a <Step> b {A}", ["a", "b"], "7",
     ["missing_closing_tag", "steps_renumbered"]),
    ("model: one number on all, none closed", f"<Step1> a <Step1> b <Step1> c {A}", ["a", "b", "c"], "7",
     ["missing_closing_tag", "steps_renumbered"]),
    ("method.md: text before the first tag", f"Sure! <Step1> a </Step1> {A}", ["a"], "7", ["text_outside_tags"]),
    ("model: text between and after", f"<Step1> a </Step1> so <Step2> b </Step2> {A} Hope this helps.", ["a", "b"], "7",
     ["text_outside_tags"]),
    ("method.md: Markdown fence", f"```xml\n<Step1> a </Step1>\n{A}\n```\n", ["a"], "7", ["code_fence"]),
    ("model: fence behind an unclosed answer", "```\n<Step1> a </Step1>\n<Answer> 7\n```", ["a"], "7",
     ["code_fence", "missing_closing_tag"]),
    ("model: fence within a step", f"<Step1> run\n```\nx\n```\n</Step1>{A}", ["run\n```\nx\n```"], "7", []),
    ("LaTeX: x < 3", f"<Step1> $x < 3$ and $y<step$ </Step1>{A}", ["$x < 3$ and $y<step$"], "7", []),
    ("LaTeX: a & b \\\\", rf"<Step1> $\begin{{matrix}} a & b \\ c \end{{matrix}}$ </Step1>{A}",
     [r"$\begin{matrix} a & b \\ c \end{matrix}$"], "7", []),
    ("LaTeX: an entity is text where tags are plain", f"<Step1> a &lt; b &amp; c </Step1>{A}",
     ["a &lt; b &amp; c"], "7", []),
    ("HTML: unknown tags are text", f"<Step1> <b>a</b> <step one> </Step1>{A}", ["<b>a</b> <step one>"], "7", []),
    ("Unicode: no case folding beyond ASCII", f"<Step1> <\u017ftep2> <\u212aey> </Step1>{A}",
     ["<\u017ftep2> <\u212aey>"], "7", []),
    ("HTML-escaping server", "&lt;Step1&gt; x &lt; 3 &amp; y &lt;/Step1&gt; &lt;Answer&gt; 7 &lt;/Answer&gt;",
     ["x < 3 & y"], "7", ["html_unescaped"]),
    ("HTML-escaping server, closing half plain", "&lt;Step1> a &lt;/Step1> &lt;Answer> 7 &lt;/Answer>", ["a"], "7",
     ["html_unescaped"]),
    ("reliability.md: duplicated answer", f"<Step1>a</Step1><Answer>1</Answer>{A}", ["a"], "7", ["duplicate_answer"]),
    ("model: an empty answer behind the answer", f"<Step1>a</Step1>{A}<Answer> </Answer>", ["a"], "7",
     ["empty_element"]),
    ("reliability.md: numbering from 0", f"<Step0>a</Step0><Step1>b</Step1>{A}", ["a", "b"], "7", ["steps_renumbered"]),
    ("reliability.md: a gap", f"<Step1>a</Step1><Step3>b</Step3>{A}", ["a", "b"], "7", ["steps_renumbered"]),
    ("reliability.md: duplicated step", f"<Step1>a</Step1><Step1>a</Step1>{A}", ["a", "a"], "7", ["steps_renumbered"]),
    ("reliability.md: another number closes", f"<Step1> a </Step2><Step2> b </Step3>{A}", ["a", "b"], "7",
     ["mismatched_closing_tag"]),
    ("reliability.md: nested steps", f"<Step1> a <Step2> b </Step2> </Step1>{A}", ["a", "b"], "7", ["nested_element"]),
    ("reliability.md: nested, with text behind", f"<Step1> a <Step2> b </Step2> c </Step1>{A}", ["a", "b"], "7",
     ["text_outside_tags", "nested_element"]),
    ("model: answer inside the last step", f"<Step1> a {A} </Step1>", ["a"], "7", ["nested_element"]),
    ("model: key behind its step", f"<Step1> a </Step1> <Key> k </Key> <Step2> b </Step2>{A}",
     ["a <Key> k </Key>", "b"], "7", ["part_outside_step"]),
    ("model: empty step", f"<Step1> a </Step1><Step2> </Step2>{A}", ["a"], "7", ["empty_element"]),
    ("model: empty key", f"<Step1> a <Key> </Key> </Step1>{A}", ["a"], "7", ["empty_element"]),
    ("model: answer first", f"{A}<Step1> a </Step1>", ["a"], "7", ["out_of_order"]),
    ("model: a correction in a thought", f"<Step1> a <Cause> why </Cause> </Step1>{A}", ["a \n why"], "7",
     ["stray_tag"]),
    ("model: key in the answer", "<Step1> a </Step1><Answer> <Key> 7 </Key> </Answer>", ["a"], "7", ["stray_tag"]),
    ("model: closing tag of nothing", f"</Step1> <Step1> a </Step1> </Key> {A}", ["a"], "7", ["stray_tag"]),
    ("reasoning model: a draft in its thinking", f"<think> <Step1> draft </Step1> </think> <Step1> a </Step1>{A}",
     ["a"], "7", ["reasoning_dropped"]),
    ("reasoning model: <think> was in the prompt", f"<Step1> draft </Step1> </think> <Step1> a </Step1>{A}",
     ["a"], "7", ["reasoning_dropped"]),
    ("broken server: lone surrogate", f"<Step1> a \ud83d </Step1>{A}", ["a ?"], "7", ["invalid_unicode"]),
    ("attack: dropping a tag must not make one", f"<Step1> a <Step</Key>2> b </Step1>{A}", ["a <Step\n2> b"], "7",
     ["stray_tag"]),
    ("attack: dropping an empty key must not make one", f"<Step1> a <Ans<Key></Key>wer> b </Step1>{A}",
     ["a <Ans\nwer> b"], "7", ["empty_element"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "steps", "answer", "repairs"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_deviating_text_is_repaired_and_says_so(text: str, steps: list[str], answer: str, repairs: list[str]) -> None:
    result = parse_thought(text)
    assert result.record is not None, result
    assert [step.text for step in result.record.steps] == steps
    assert result.record.answer == answer
    assert sorted(result.repairs) == sorted(repairs)
    again = parse_thought(render_thought(result.record))
    assert (again.record, again.repairs) == (result.record, ())


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("", "empty_text"),
        (" \n\t", "empty_text"),
        ("The answer is 7.", "no_steps"),
        ("<Answer> 7 </Answer>", "no_steps"),
        ("<Step1> </Step1><Answer> 7 </Answer>", "no_steps"),
        ("<think> <Step1> a </Step1><Answer> 7 </Answer> </think>", "no_steps"),
        ("<Step 1: find x> a <Answer> 7 </Answer>", "no_steps"),
        ("<Step1> a </Step1>", "no_answer"),
        ("<Step1> a </Step1><Answer> </Answer>", "no_answer"),
        ("<Step1> a <Key> cut off he", "no_answer"),
        ("<Step1> a </Step1>" * 6000, "too_many_tags"),
    ],
)
def test_a_text_that_is_no_thought_has_exactly_one_cause(text: str, failure: str) -> None:
    result = parse_thought(text)
    assert (result.ok, result.record, result.failure) == (False, None, failure)
    assert failure in FAILURES


def test_generalized_may_be_missing_and_the_last_of_several_counts() -> None:
    assert parse_thought("<Step1> a </Step1><Answer> 7 </Answer>").record == ParsedThought(
        steps=(ThoughtStep(text="a"),), answer="7"
    )
    several = "<Step1> a </Step1><Generalized> g </Generalized><Generalized> h </Generalized><Answer> 7 </Answer>"
    result = parse_thought(several)
    assert result.record is not None and result.record.generalized == "h"
    assert result.repairs == ("duplicate_generalized",)


def test_keys_are_the_passages_alone_in_order() -> None:
    result = parse_thought("<Step1> a <Key> k </Key> b <Key>m</Key> </Step1><Answer> 7 </Answer>")
    assert result.record is not None
    assert result.record.steps[0].keys == ("k", "m")
    assert result.record.steps[0].text == "a <Key> k </Key> b <Key>m</Key>"
