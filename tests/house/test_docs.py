"""The documentation keeps up: every link leads somewhere, every setting is explained, every command exists."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from pydantic_settings import BaseSettings

from provisor.cli import root
from provisor.text import TEXTS
from provisor.text.checks import PROBLEMS

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path for path in ROOT.rglob("*.md") if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)
SETTINGS = ROOT / "docs" / "reference" / "settings.md"
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^```(?:console|sh)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(provisor [^`\n]+)`")
VARIABLE = re.compile(r"\bPROVISOR_[A-Z0-9_]*[A-Z0-9]\b")


def links(page: Path) -> Iterator[str]:
    """The relative links of a page."""
    for match in LINK.finditer(CODE.sub("", page.read_text("utf-8"))):
        link = match[1] or match[2]
        if not re.match(r"[a-z][a-z0-9+.-]*:|//", link, re.IGNORECASE):
            yield link


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    found: dict[str, int] = {}
    headings = re.findall(
        r"^#+\s+(.*?)\s*#*$",
        re.sub(r"^(```|~~~).*?^\1", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL),
        re.MULTILINE,
    )
    out = set()
    for heading in headings:
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        count = found.get(slug, 0)
        found[slug] = count + 1
        out.add(f"{slug}-{count}" if count else slug)
    return out


def variables() -> set[str]:
    """Every environment variable that the source names or that a settings class reads."""
    found = {name for path in (ROOT / "src").rglob("*.py") for name in VARIABLE.findall(path.read_text("utf-8"))}
    if find_spec("provisor.settings"):
        for each in vars(importlib.import_module("provisor.settings")).values():
            if isinstance(each, type) and issubclass(each, BaseSettings) and each is not BaseSettings:
                prefix = each.model_config.get("env_prefix", "")
                found |= {f"{prefix}{name}".upper() for name in each.model_fields}
    return found


@pytest.mark.parametrize("page", PAGES, ids=[str(path.relative_to(ROOT)) for path in PAGES])
def test_every_relative_link_of_a_page_leads_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        path, _, anchor = unquote(link).partition("#")
        target = page if not path else ROOT / path.lstrip("/") if path.startswith("/") else page.parent / path
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_environment_variable_is_documented() -> None:
    assert SETTINGS.exists(), "docs/reference/settings.md is missing"
    assert sorted(variables() - set(VARIABLE.findall(SETTINGS.read_text("utf-8")))) == []


def test_no_variable_is_documented_that_nobody_reads() -> None:
    assert SETTINGS.exists(), "docs/reference/settings.md is missing"
    assert sorted(set(VARIABLE.findall(SETTINGS.read_text("utf-8"))) - variables()) == []


# ---- commands -----------------------------------------------------------------------------------------------------


def typed(text: str) -> Iterator[tuple[str, bool]]:
    """The command lines of a text, and whether they are complete: in prose, arguments may be left out."""
    for block in FENCED.findall(text):
        for line in block.splitlines():
            if line.startswith("provisor "):
                yield line.split(" #")[0], True
    for line in INLINE.findall(text):
        yield line, False


def misfit(line: str, *, complete: bool) -> str | None:
    """Why the command line would be refused as wrong usage; None: it would not."""
    words = ["1" if word == "N" else word for word in shlex.split(line)[1:]]
    command: click.Command = root
    context = click.Context(command, info_name="provisor")
    try:
        while isinstance(command, click.Group) and words:
            if "APP" in command.commands and words[0] not in command.commands:  # `provisor plan APP`
                words = ["APP", *words]
            name, found, words = command.resolve_command(context, words)
            assert found is not None
            command = found
            context = click.Context(command, parent=context, info_name=name)
        if not isinstance(command, click.Group):
            command.make_context(context.info_name, list(words), parent=context.parent)
    except click.MissingParameter as error:
        return error.format_message() if complete else None
    except click.UsageError as error:
        return error.format_message()
    return None


@pytest.mark.parametrize("page", PAGES, ids=[str(path.relative_to(ROOT)) for path in PAGES])
def test_every_command_of_a_page_exists_with_its_options(page: Path) -> None:
    lines = {(line, complete) for line, complete in typed(page.read_text("utf-8"))}
    wrong = {line: why for line, complete in lines if (why := misfit(line, complete=complete))}
    assert wrong == {}


def test_every_command_that_an_error_names_exists_with_its_options() -> None:
    texts = [*(row.remedy or "" for row in TEXTS.values()), *PROBLEMS.values()]
    lines = {line for text in texts for line, _ in typed(text)}
    assert {line: why for line in lines if (why := misfit(line, complete=False))} == {}


@pytest.mark.parametrize(
    "line",
    ["provisor nonsense", "provisor app nonsense", "provisor sync goto --nonsense", "provisor app on goto extra"],
)
def test_a_command_that_does_not_exist_is_noticed(line: str) -> None:
    assert misfit(line, complete=False)
