"""The documentation keeps up: every link leads somewhere, every setting is explained."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

import pytest
from pydantic_settings import BaseSettings

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path for path in ROOT.rglob("*.md") if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)
SETTINGS = ROOT / "docs" / "reference" / "settings.md"
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)
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
