"""Writes docs/reference/errors.md from the sentences in provisor.text: `.venv/bin/python docs/make_errors.py`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from provisor.text.checks import CHECKS
from provisor.text.explanations import EXPLANATIONS
from provisor.text.filters import FILTERS
from provisor.text.outcomes import OUTCOMES
from provisor.text.records import RECORDS
from provisor.text.refusals import REFUSALS
from provisor.text.row import Row
from provisor.text.schemas import SCHEMAS

PAGE = Path(__file__).parent / "reference" / "errors.md"
HEAD = """# Codes and what they mean

Every refusal, plan line, log row, import note and test step carries a code. The command line shows its sentence and
the next step; the log keeps the code and its parameters. A word in *italics* stands for a value; a part whose value is
not known is left out. Where Entra's provisioning logs have a code for the same thing, it is that code.

<!-- Written by docs/make_errors.py; a change belongs into src/provisor/text/. -->
"""
PARTS: Mapping[str, Mapping[str, Row]] = {
    "When a command is refused": REFUSALS,
    "In mappings, and in a document that holds them": SCHEMAS,
    "When a file is imported": RECORDS,
    "Scoping filters": FILTERS,
    "In plans and in the provisioning log": OUTCOMES,
    "When somebody is explained": EXPLANATIONS,
    "When a connection is tested": CHECKS,
}


def page() -> str:
    """The whole page, as it belongs on disk."""
    return HEAD + "".join(f"\n## {title}\n\n{table(rows)}" for title, rows in PARTS.items())


def table(rows: Mapping[str, Row]) -> str:
    lines = [f"| `{code}` | {shown(row.sentence)} | {row.remedy or ''} |" for code, row in sorted(rows.items())]
    return "\n".join(["| Code | Meaning | What to do |", "|---|---|---|", *lines, ""])


def shown(sentence: str) -> str:
    """The sentence with its optional parts, and its places in italics."""
    return re.sub(r"\{(\w+)\}", r"*\1*", sentence.replace("[", "").replace("]", "")).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
