"""A file is one idea and a function fits a screen; the exceptions are named."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "provisor"
FILE_LINES = 350
FUNCTION_LINES = 50

# Name and reason. One that has become small enough again must leave the list.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {
    "store/migrations/versions/m0001_first.py:upgrade": "every table, one after the other",
}


def long_files() -> dict[str, int]:
    sizes = {str(path.relative_to(SOURCE)): len(path.read_text("utf-8").splitlines()) for path in SOURCE.rglob("*.py")}
    return {name: lines for name, lines in sizes.items() if lines > FILE_LINES}


def long_functions() -> dict[str, int]:
    sizes: dict[str, int] = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{path.relative_to(SOURCE)}:{node.name}"
                sizes[name] = max(sizes.get(name, 0), (node.end_lineno or node.lineno) - node.lineno + 1)
    return {name: lines for name, lines in sizes.items() if lines > FUNCTION_LINES}


def test_a_file_is_short() -> None:
    too_long = {name: lines for name, lines in long_files().items() if name not in LONG_FILES}
    assert not too_long, f"longer than {FILE_LINES} lines"


def test_a_function_is_short() -> None:
    too_long = {name: lines for name, lines in long_functions().items() if name not in LONG_FUNCTIONS}
    assert not too_long, f"longer than {FUNCTION_LINES} lines"


def test_an_exception_that_is_none_any_more_leaves_the_list() -> None:
    assert set(LONG_FILES) <= set(long_files())
    assert set(LONG_FUNCTIONS) <= set(long_functions())
