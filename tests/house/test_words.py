"""A name is a word of the trade, and one thing has one word."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "provisor"

# Names that say nothing of what is inside.
EMPTY = {
    *("base", "common", "helper", "helpers", "impl", "manager", "managers", "misc", "stuff", "tools"),
    *("util", "utils"),
}
# Other words for what already has one: in a class's name they would make two of one thing.
SYNONYMS = {
    "association": "Link",
    "delta": "Change",
    "identity": "Entry",
    "task": "Job",
}
UNFINISHED = re.compile(
    "|".join(rf"\b{first}{second}\b" for first, second in [("TO", "DO"), ("FIX", "ME"), ("X", "XX")])
)


def words(name: str) -> set[str]:
    """The words within a name: TargetContract, target_contract."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def files(*suffixes: str) -> Iterator[Path]:
    for top in ("src", "tests", "bench", "docs", "examples"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in suffixes and "__pycache__" not in path.parts:
                yield path


def classes() -> Iterator[tuple[str, str]]:
    """Every class of the source, with its file."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                yield str(path.relative_to(SOURCE)), node.name


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    found = [str(path.relative_to(ROOT)) for path in files(".py") if words(path.stem) & EMPTY]
    found += [str(path.relative_to(ROOT)) for path in files(".py") if EMPTY.intersection(path.relative_to(ROOT).parts)]
    assert found == []


def test_no_class_has_a_name_that_says_nothing() -> None:
    assert [(path, name) for path, name in classes() if words(name) & EMPTY] == []


def test_no_class_is_a_second_word_for_one_thing() -> None:
    wrong = [(path, name, meant) for path, name in classes() for word, meant in SYNONYMS.items() if word in words(name)]
    assert wrong == []


def test_nothing_is_left_unfinished_in_a_comment() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files(".py", ".md", ".toml", ".html", ".css")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert found == []
