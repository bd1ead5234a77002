"""The recipe's problem sets: where each comes from, which rows are taken, and what must not stand in training."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, SerializationInfo, field_serializer, field_validator, model_validator

from supercorrect.config.base import Section

LayoutName = Literal["own", "math", "gsm8k", "numina_math", "meta_math", "gaokao", "aime"]
SPLITS = ("hsft", "errors", "held_out")


class ColumnsConfig(Section):
    """The user's own names of columns. None: the layout's name, or no such column where no layout is named.

    Attributes:
        reference_answer: Where there is none, the answer is read from the reference solution.
        options: The choices of a multiple-choice problem, put behind its text.
    """

    problem: str | None = None
    reference_solution: str | None = None
    reference_answer: str | None = None
    topic: str | None = None
    level: str | None = None
    source: str | None = None
    options: str | None = None


class ProblemSetConfig(Section):
    """One set of problems: exactly one of `path`, `hub` and `make`, and which of its rows are taken.

    Attributes:
        path: A local file: jsonl, json (one list) or parquet.
        hub: A data set's id on the hub, or a folder that `datasets.load_dataset` reads.
        hub_config: Its configuration, such as `main` of GSM8K.
        revision: A commit of the hub data set. None: the newest, which another day may be another.
        make: A function that makes problems, as `module:function`, called with count, seed and split.
        layout: What the columns mean. None: told from their names, or `columns` alone where that is given.
        levels: Levels to take; 5 and `Level 5` are the same. None: all.
        topics: Topics (MATH's types) to take, in any case. None: all.
        seed: Draws the rows at random. None: they come in the file's order.
        skip: Rows to leave to another set: the same file with `count: 500` and with `skip: 500` gives two sets.
        count: How many; None takes all that the keys above leave.
    """

    path: str | None = None
    hub: str | None = None
    hub_config: str | None = None
    hub_split: str = "train"
    revision: str | None = None
    make: str | None = None
    layout: LayoutName | None = None
    columns: ColumnsConfig | None = None
    levels: tuple[int | str, ...] | None = None
    topics: tuple[str, ...] | None = None
    seed: int | None = Field(default=None, ge=0)
    skip: int = Field(default=0, ge=0)
    count: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(source is not None for source in (self.path, self.hub, self.make)) != 1:
            raise ValueError("expected exactly one of 'path', 'hub' and 'make'")
        if self.make is not None and self.count is None:
            raise ValueError("'make' needs a 'count'")
        foreign = self.model_fields_set - ({"make", "count"} if self.make else set(ProblemSetConfig.model_fields))
        foreign |= set() if self.hub else self.model_fields_set & {"hub_config", "hub_split", "revision"}
        set_anyway = sorted(name for name in foreign if getattr(self, name) != type(self).model_fields[name].default)
        if set_anyway:
            raise ValueError(f"{', '.join(set_anyway)}: without effect beside {'make' if self.make else 'path'}")
        if self.columns is not None and self.columns.problem is None and self.layout is None:
            raise ValueError("columns: expected 'problem', or a 'layout' that names it")
        return self


class ProblemsConfig(Section):
    """The three splits, each one set or a list of sets. They share no problem: the later split keeps it.

    Attributes:
        held_out: What is evaluated on; always whole, and training is kept clear of it.
        decontaminate_against: Further evaluation sets that training is kept clear of.
        decontamination_ngram: Training loses what shares this many words in a row with an evaluation problem. None:
            only what is the same problem.
        near_duplicate_similarity: Training keeps one of two problems with the same numbers, the same answer and at
            least this share (Jaccard) of three-word sequences. None: only exact duplicates go.
    """

    hsft: tuple[ProblemSetConfig, ...] = Field(min_length=1)
    errors: tuple[ProblemSetConfig, ...] = Field(min_length=1)
    held_out: tuple[ProblemSetConfig, ...] = Field(min_length=1)
    decontaminate_against: tuple[ProblemSetConfig, ...] = ()
    decontamination_ngram: int | None = Field(default=13, ge=5)
    near_duplicate_similarity: float | None = Field(default=0.8, gt=0, le=1)

    @field_validator(*SPLITS, "decontaminate_against", mode="before")
    @classmethod
    def _one_set_is_a_list_of_one(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict | ProblemSetConfig) else value

    @field_serializer(*SPLITS)
    def _a_list_of_one_is_one_set(self, sets: tuple[ProblemSetConfig, ...], info: SerializationInfo) -> Any:
        dumped = [one.model_dump(mode=info.mode, exclude_defaults=info.exclude_defaults) for one in sets]
        return dumped[0] if len(dumped) == 1 else dumped

    def sets_of(self, split: str) -> tuple[ProblemSetConfig, ...]:
        """The sets of `hsft`, `errors`, `held_out` or `decontaminate_against`."""
        sets: tuple[ProblemSetConfig, ...] = getattr(self, split)
        return sets
