"""YAML from somebody else: what would grow, never end or not be text is one message."""

from __future__ import annotations

from pathlib import Path

import pytest

from supercorrect.config import load_recipe
from supercorrect.config.yaml_files import MAX_BYTES, MAX_GROWN, parse_yaml
from supercorrect.errors import ConfigError


def laughs(levels: int, merge: bool = False) -> str:
    """Each line stands for nine of the line before; `levels` of them for 9 ** levels values."""
    lines = ["a0: &a0 {lol: lol}"]
    for n in range(1, levels + 1):
        again = ", ".join([f"*a{n - 1}"] * 9)
        lines.append(f"a{n}: &a{n} {{<<: [{again}]}}" if merge else f"a{n}: &a{n} [{again}]")
    return "\n".join(lines)


HOSTILE = {
    "aliases": laughs(9),
    "merges": laughs(9, merge=True),
    "a long text again and again": f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 100)}]",
    "a list in itself": "a: &a [*a]",
    "a mapping in itself": "a: &a {b: *a}",
    "depth": "[" * 20_000,
    "depth in blocks": "\n".join(f"{' ' * n}a:" for n in range(600)),
    "a day that is none": "a: 2001-99-99",
    "a number that is none": "a: !!int x",
    "a truth that is none": "a: !!bool x",
    "a time that is none": "a: !!timestamp x",
    "a number too long": f"a: {'9' * 5000}",
    "python": "a: !!python/object/apply:os.mkdir [canary]",
    "python names": "a: !!python/name:os.mkdir",
    "a key that is a list": "[a]: b",
    "NUL": 'a: "\\0"',
    "half a surrogate pair": 'a: "\\uD800"',
    "a control character": "a: \x07",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_yaml_is_one_message(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("recipe.yaml").write_text(HOSTILE[name])
    with pytest.raises(ConfigError) as refused:
        load_recipe("recipe.yaml")
    assert "recipe.yaml" in str(refused.value) and len(str(refused.value)) < 2000
    assert not Path("canary").exists()


def test_aliases_that_stay_small_are_taken() -> None:
    assert parse_yaml("a: &a {b: [1, 2]}\nc: *a\nd: {<<: *a, e: 3}")["d"] == {"b": [1, 2], "e": 3}
    assert len(parse_yaml(laughs(5))["a5"]) == 9
    with pytest.raises(ValueError, match=f"at most {MAX_GROWN:,}"):
        parse_yaml(laughs(6))


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/stdin", "/", "missing.yaml", "x" * 300, "a\0b"])
def test_what_is_no_file_is_not_read(place: str, tmp_path: Path) -> None:
    """Neither as the recipe nor as the one that it extends."""
    with pytest.raises(ConfigError):
        load_recipe(place)
    if "\0" not in place:
        (tmp_path / "recipe.yaml").write_text(f"extends: {place}")
        with pytest.raises(ConfigError):
            load_recipe(tmp_path / "recipe.yaml")


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("#" * (MAX_BYTES + 1))
    with pytest.raises(ConfigError, match="at most"):
        load_recipe(tmp_path / "recipe.yaml")
