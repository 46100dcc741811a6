"""Every code that a person may meet has a sentence, no sentence is left over, and all are documented."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from provisor.text import TEXTS
from provisor.text.checks import PROBLEMS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "provisor"
PASSED_ON = {"ExpressionError": 0, "Reason": 0, "Refused": 0, "_failed": 0, "_passed": 0, "_Unreadable": 1, "note": 1}
"""Who is given a code, and as which argument."""
EXPANDED = {"kind": ("User", "Group")}  # f"Unknown{kind}"


def trees() -> Iterator[ast.AST]:
    """The source without the emulators, which speak their vendor's codes, and without the sentences themselves."""
    for path in sorted(SOURCE.rglob("*.py")):
        if not {"testing", "text"}.intersection(path.relative_to(SOURCE).parts):
            yield ast.parse(path.read_text("utf-8"))


def texts(node: ast.AST | None) -> Iterator[str]:
    """The texts that an expression may amount to, as far as they are written out."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from texts(body)
            yield from texts(orelse)
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), ast.FormattedValue(value=ast.Name(id=name))]):
            yield from (text + each for each in EXPANDED[name])
        case _:
            pass


def codes() -> set[str]:
    found: set[str] = set()
    for tree in trees():
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if name in PASSED_ON:
                    found.update(*map(texts, args[PASSED_ON[name] :][:1]))
                case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super"))), args=[first, *_]):
                    found.update(texts(first))
                case ast.Assign(targets=[ast.Name(id="code")], value=value):
                    found.update(texts(value))
                case ast.Assign(targets=[ast.Tuple(elts=[_, ast.Name(id="code")])], value=ast.Tuple(elts=[_, value])):
                    found.update(texts(value))
                case ast.AnnAssign(target=ast.Name(id="code"), value=value):
                    found.update(texts(value))
                case _:
                    pass
    return {code for code in found if code[:1].isupper() and code.isidentifier()}


def problems() -> set[str]:
    """The finer words that an error carries beside its code."""
    words: set[str] = set()
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "problem":
                words.update(texts(node.value))
    return {word for word in words if word[:1].isupper() and word.isidentifier() and not word.isupper()}


def written() -> str:
    return "".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py") if "text" not in path.parts)


def make_errors() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_errors", ROOT / "docs" / "make_errors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_code_has_a_sentence() -> None:
    assert sorted(codes() - set(TEXTS)) == []


def test_every_sentence_has_a_code_that_occurs() -> None:
    assert sorted(set(TEXTS) - codes() - problems()) == []


def test_every_problem_has_words() -> None:
    assert sorted(problems() - set(PROBLEMS)) == []


def test_every_problem_that_has_words_occurs() -> None:
    source = written()
    assert [word for word in PROBLEMS if f'"{word}"' not in source] == []


def test_every_code_is_documented_as_the_source_has_it() -> None:
    made = make_errors()
    assert all(f"| `{code}` |" in made.page() for code in TEXTS)
    assert made.PAGE.read_text("utf-8") == made.page(), "run .venv/bin/python docs/make_errors.py"
