"""The index: what a filter finds is what a plain look through the files finds; it follows a run and changes nothing."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any, get_args

from made_runs import correction_id, make_own, make_pair, make_problem, make_run, make_thought, make_verdict
from supercorrect.records import Correction, PairLayout, Problem, Rejection, make_id
from supercorrect.viewer.index import RunIndex
from supercorrect.viewer.lineage import LineageReader
from supercorrect.viewer.queries import Filters, Page, read_facets, read_page


def open_index(root: Path, cache: Path) -> RunIndex:
    index = RunIndex(root, cache)
    index.refresh()
    return index


def find(index: RunIndex, **filters: str) -> Page:
    with index.reading() as connection:
        return read_page(connection, Filters(**filters), 1)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def hashes(root: Path) -> dict[str, str]:
    files = sorted(file for file in root.rglob("*") if file.is_file())
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_filters_find_what_a_look_through_the_files_finds(small_run: Path, tmp_path: Path) -> None:
    index = open_index(small_run, tmp_path)
    data = small_run / "data"
    problems = {row["problem_id"]: row for row in rows(data / "problems/errors.jsonl")}
    verdicts = rows(data / "verdicts/errors.jsonl")
    corrections = rows(data / "corrections/errors.jsonl")
    for status, count in Counter(row["status"] for row in verdicts).items():
        assert find(index, split="errors", verdict=status).total == count
    for step, count in Counter(row["first_error_step"] for row in corrections).items():
        assert find(index, split="errors", step=str(step)).total == count
    for level, count in Counter(row["level"] for row in problems.values()).items():
        assert find(index, split="errors", level=level).total == count
    paired = {row["solution_id"] for row in rows(data / "pairs/train.jsonl")}
    assert find(index, reached="pairs").total == len(paired)
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    chosen = random.Random(seed).choice(corrections)
    both = {"step": str(chosen["first_error_step"]), "topic": problems[chosen["problem_id"]]["topic"]}
    expected = [
        row
        for row in corrections
        if str(row["first_error_step"]) == both["step"] and problems[row["problem_id"]]["topic"] == both["topic"]
    ]
    assert find(index, split="errors", **both).total == len(expected)


def test_a_reason_leads_to_the_errors_whose_pairs_were_refused(small_run: Path, tmp_path: Path) -> None:
    index = open_index(small_run, tmp_path)
    refused = Counter(row["reason"] for row in rows(small_run / "rejects/pairs.jsonl"))
    assert refused
    for reason in refused:
        found = find(index, reason=reason).items
        assert 0 < len(found) <= refused[reason]
        assert all(item["correction_id"] for item in found)


def test_search_finds_words_phrases_and_ids(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    seven = make_problem("problem-held", "held_out", r"Let $f = \frac{7}{9}$ be given")
    folder.write("problems/held_out", [seven])
    index = open_index(folder.root, tmp_path / "cache")
    assert [item["problem_id"] for item in find(index, q=r"\frac giv").items] == ["problem-held"]
    assert find(index, q='"7 9"').total == 1
    assert find(index, q='"9 7"').total == 0
    assert find(index, q="miscounted").total == 3
    assert find(index, q="correction-0000000000000001").items[0]["problem_id"] == "problem-0000000000000001"
    for odd in ('"', "''", "NEAR(", "a AND", "*", "\0", "%", "--", ") OR 1=1"):
        find(index, q=odd)


def test_only_what_changed_is_read_again_and_the_run_is_left_as_it_was(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    before = hashes(folder.root)
    index = open_index(folder.root, tmp_path / "cache")
    assert hashes(folder.root) == before
    assert not index.refresh()
    read: list[int] = []
    folder.write("problems/held_out", [make_problem(f"problem-{i}", "held_out", "new") for i in range(5)])
    assert index.refresh(lambda done, total: read.append(total))
    assert all(total == folder.data("problems/held_out").stat().st_size for total in read)
    assert find(index, split="held_out").total == 5
    folder.data("pairs/train").unlink()
    assert index.refresh()
    assert find(index, reached="pairs").total == 0


def test_a_row_that_cannot_be_read_is_counted_and_the_others_are_shown(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    with folder.data("verdicts/errors").open("a", encoding="utf-8") as file:
        file.write('{"half": \n[]\n{"verdict_id": "\\ud800", "solution_id": "s", "status": "correct"}\n')
    index = open_index(folder.root, tmp_path / "cache")
    with index.reading() as connection:
        assert dict(connection.execute("SELECT file, unreadable FROM files WHERE unreadable")) == {
            "data/verdicts/errors.jsonl": 3
        }
    assert find(index, verdict="incorrect").total == 3


def test_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    index = open_index(folder.root, tmp_path / "cache")
    index.path.write_bytes(b"no database" * 1000)
    again = open_index(folder.root, tmp_path / "cache")
    assert find(again).total == 4
    with sqlite3.connect(again.path) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert find(open_index(folder.root, tmp_path / "cache")).total == 4


def test_facets_name_what_there_is(tmp_path: Path) -> None:
    index = open_index(make_run(tmp_path / "run").root, tmp_path / "cache")
    with index.reading() as connection:
        facets = read_facets(connection)
    assert facets["verdict"] == [("incorrect", 3)]
    assert facets["rounds"] == [("1", 1), ("2", 1), ("3", 1)]
    assert facets["decision"] == [("undecided", 3)]


def test_refused_pairs_of_every_layout_lead_to_what_they_would_have_been_made_from(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    owns = {"right_step": "own-1", "wrong_step": "own-1", "correction": "own-1"}
    made = [(layout, correction_id(1), owns.get(layout, "")) for layout in get_args(PairLayout)]
    made.append(("right_step", "solution-0000000000000002", "own-right"))
    folder.write(
        "own_corrections/errors",
        [
            make_own(1, "no"),
            make_own(2, "no").model_copy(update={"own_correction_id": "own-right", "correction_id": None}),
        ],
    )
    folder.write_rejects(
        "pairs",
        [Rejection(stage="pairs", item_id=make_id("pair", *one), reason="too_long", detail=one[0]) for one in made],
    )
    index = open_index(folder.root, tmp_path / "cache")
    with index.reading() as connection:
        parents = [row[0] for row in connection.execute("SELECT parent_id FROM records WHERE kind = 'rejection'")]
    assert parents == [corrected for _, corrected, _ in made]


def test_pairs_of_a_right_solution_are_counted_and_stand_under_it(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    folder.write("verdicts/errors", [make_verdict(0, "5").model_copy(update={"status": "correct"})])
    folder.write("corrections/errors", list[Correction]())
    left_alone = {"correction_id": None, "first_error_step": None, "layout": "right_step"}
    folder.write("pairs/train", [make_pair(0, "no").model_copy(update=left_alone)])
    index = open_index(folder.root, tmp_path / "cache")
    (item,) = find(index, reached="pairs").items
    assert (item["solution_id"], item["pairs"]) == ("solution-0000000000000000", 1)
    with index.reading() as connection:
        lineage = LineageReader(index, connection).read(item["problem_id"])
    assert lineage is not None
    assert [line.pair.pair_id for line in lineage.solutions[0].pairs] == ["pair-0"]


def test_thoughts_of_controls_stand_beside_and_double_nothing(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    folder.write("problems/hsft", [make_problem("problem-hsft", "hsft", "What is 2 + 2 + 1?")])
    folder.write("thoughts/hsft", [make_thought("problem-hsft", "oracle")])
    folder.write("thoughts/hsft_other", [make_thought("problem-hsft", "other")])
    folder.write("thoughts/hsft_fresh", [make_thought("problem-0000000000000000", "oracle")])
    index = open_index(folder.root, tmp_path / "cache")
    assert (find(index).total, find(index, reached="thoughts").total) == (5, 1)
    with index.reading() as connection:
        reader = LineageReader(index, connection)
        taught, fresh = reader.read("problem-hsft"), reader.read("problem-0000000000000000")
    assert taught is not None and fresh is not None
    assert taught.thought is not None and taught.thought.teacher == "oracle"
    assert [(line.control, line.thought.teacher) for line in taught.control_thoughts] == [("hsft_other", "other")]
    assert fresh.thought is None
    assert [line.control for line in fresh.control_thoughts] == ["hsft_fresh"]
    assert len(fresh.solutions) == 1


def test_the_lineage_of_a_problem_is_whole(small_run: Path, tmp_path: Path) -> None:
    index = open_index(small_run, tmp_path)
    pairs = rows(small_run / "data/pairs/train.jsonl")
    with index.reading() as connection:
        lineage = LineageReader(index, connection).read(pairs[0]["problem_id"])
    assert lineage is not None
    assert isinstance(lineage.problem, Problem)
    line = next(line for line in lineage.solutions if line.solution.solution_id == pairs[0]["solution_id"])
    assert line.correction is not None
    expected = [row["pair_id"] for row in pairs if row["correction_id"] == pairs[0]["correction_id"]]
    assert [pair.pair.pair_id for pair in line.correction.pairs] == expected
    assert line.verdict is not None and line.verdict.status == "incorrect"
