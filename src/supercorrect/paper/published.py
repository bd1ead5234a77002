"""The paper's own figures (arXiv 2410.09008), to stand beside ours and marked as the paper's. None: it gives none."""

from __future__ import annotations

from typing import NamedTuple

QWEN, LLAMA, DEEPSEEK = "Qwen2.5-Math-7B-Instruct", "Llama-3.1-8B-Instruct", "DeepSeekMath-7B-Instruct"


class Accuracies(NamedTuple):
    """A row of Tables 1, 2 and 7: accuracy in %, chain of thought, lm-evaluation-harness."""

    student: str
    problem_set: str
    base: float
    sft: float
    hsft: float
    hsft_reflexion: float
    cross_dpo: float


TABLE_2 = (
    Accuracies(QWEN, "MATH", 55.1, 57.4, 62.4, 63.1, 70.2),
    Accuracies(QWEN, "GSM8K", 83.2, 84.3, 87.2, 86.8, 89.5),
    Accuracies(LLAMA, "MATH", 51.9, 53.7, 55.4, 56.7, 58.2),
    Accuracies(LLAMA, "GSM8K", 84.5, 86.2, 87.2, 86.8, 89.7),
    Accuracies(DEEPSEEK, "MATH", 46.8, 49.2, 50.9, 51.2, 54.6),
    Accuracies(DEEPSEEK, "GSM8K", 82.9, 84.5, 85.7, 85.8, 88.2),
)


class TeacherAccuracies(NamedTuple):
    """A row of Table 5: right corrections in %, without and with the inspector."""

    teacher: str
    problem_set: str
    without_inspector: float
    with_inspector: float


TABLE_5 = (
    TeacherAccuracies("GPT-4o-mini", "MATH", 92.4, 98.8),
    TeacherAccuracies("GPT-4o-mini", "GaoKao", 89.6, 96.2),
    TeacherAccuracies("o1-mini", "MATH", 98.2, 99.6),
    TeacherAccuracies("o1-mini", "GaoKao", 94.8, 98.7),
)


class Localisations(NamedTuple):
    """A row of Table 6, in % (the paper has shares): 500 wrong solutions."""

    student: str
    arm: str
    located: float
    corrected: float


TABLE_6 = (
    Localisations(QWEN, "HSFT", 43, 12),
    Localisations(QWEN, "HSFT + Cross-DPO", 67, 46),
    Localisations(LLAMA, "HSFT", 31, 8),
    Localisations(LLAMA, "HSFT + Cross-DPO", 49, 27),
    Localisations(DEEPSEEK, "HSFT", 23, 7),
    Localisations(DEEPSEEK, "HSFT + Cross-DPO", 42, 23),
)


class StyleAccuracies(NamedTuple):
    """A row of Table 8: accuracy in % on MATH after HSFT in each dress."""

    student: str
    cot: float
    hierarchy_without_generalized: float
    hierarchy: float
    headings: float
    xml: float


TABLE_8 = (
    StyleAccuracies(QWEN, 57.4, 59.7, 60.8, 61.8, 62.4),
    StyleAccuracies(LLAMA, 52.6, 53.3, 53.6, 53.7, 54.1),
    StyleAccuracies(DEEPSEEK, 46.8, 49.6, 50.2, 50.6, 51.6),
)

FIGURE_3 = "The paper's Figure 3: self-correction adds 5 to 6 points to SuperCorrect, and nothing or less to others."
FIGURE_4 = "The paper's Figure 4 is a picture without figures: seven topics of MATH."
FIGURE_5 = "The paper's Figure 5 is a picture: 300 problems of level 5, 256 repeats; mean up, variance down."
SECTION_5_4 = "The paper's section 5.4: Cross-DPO is better than Step-DPO."
