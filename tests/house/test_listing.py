"""The listing of the source is its table of contents."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "provisor"
PACKAGES = sorted(SOURCE.rglob("__init__.py"))
FLOW = ["fetch", "filter", "in_scope", "map", "match", "plan", "push", "record"]  # in running order
TOP = {
    *("__init__", "__main__", "connector", "ledger", "settings", "text"),
    *("api", "app", "cli", "connectors", "directory", "domain", "engine", "expression", "flow", "gallery"),
    *("schema", "secret", "store", "testing"),
}
TO_COME = {"auth", "notify", "web"}
SENTENCE = re.compile(r"[A-Z0-9`].*\.")


def modules(folder: Path) -> set[str]:
    """The names of what can be imported from a folder."""
    files = {each.stem for each in folder.glob("*.py")}
    return files | {each.name for each in folder.iterdir() if each.is_dir() and any(each.rglob("*.py"))}


def test_the_flow_reads_downwards_in_running_order() -> None:
    assert sorted(modules(SOURCE / "flow") - {"__init__"}) == FLOW


def test_the_top_of_the_house_holds_what_the_design_names() -> None:
    assert modules(SOURCE) - TO_COME == TOP


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {each.parent for each in SOURCE.rglob("*.py") if "migrations" not in each.parts}  # Alembic reads those
    assert {each.relative_to(SOURCE) for each in folders} == {each.parent.relative_to(SOURCE) for each in PACKAGES}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: str(path.parent.relative_to(SOURCE.parent)))
def test_a_package_says_in_one_sentence_what_it_is(package: Path) -> None:
    docstring = ast.get_docstring(ast.parse(package.read_text("utf-8"))) or ""
    sentence = " ".join(docstring.split("\n\n")[0].split())
    assert SENTENCE.fullmatch(sentence), f"{package} has no sentence: {docstring!r}"
    assert not re.search(r"[.!?] [A-Z]", sentence), f"{package} has more than one sentence: {sentence!r}"
