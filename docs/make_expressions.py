"""Writes docs/reference/expressions.md from the functions' own words: `.venv/bin/python docs/make_expressions.py`."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from provisor.expression import Context, Control, compile_expression
from provisor.expression.function import Function
from provisor.expression.library import FAMILIES, LIBRARY

PAGE = Path(__file__).parent / "reference" / "expressions.md"
MARK = "<!-- functions: written by docs/make_expressions.py from src/provisor/expression/library/ -->\n"
END = "<!-- end of functions -->\n"

PERSON: dict[str, Any] = {
    "givenName": "Zoë",
    "surname": "Øberg",
    "displayName": "Zoë Øberg",
    "mail": "zoe.berg@contoso.com",
    "mailNickname": "zoe",
    "employeeId": "E0123",
    "employeeHireDate": "2020-03-16-07:00",
    "city": "Berlin",
    "country": "DE",
    "mobile": "+49 (171) 123-4567",
    "accountEnabled": True,
    "proxyAddresses": ["SMTP:zoe.berg@contoso.com", "smtp:zoe@contoso.com"],
    "appRoleAssignments": [
        {"id": "1", "value": "Admin", "displayName": "Administrators"},
        {"id": "2", "value": "User", "displayName": "Everybody"},
    ],
}
"""Whom all examples are about; she has no nickname."""


def context() -> Context:
    return Context(
        now=datetime(2025, 7, 30, 15, 33, 38, tzinfo=UTC),
        chance=random.Random(7).randrange,  # noqa: S311 - examples, the same each time
        taken={"zoe.berg@contoso.com"}.__contains__,
        default_domain="contoso.com",
    )


def page() -> str:
    """The whole page, as it belongs on disk: what stands around the functions is written by hand."""
    before, rest = PAGE.read_text("utf-8").split(MARK)
    return before + MARK + functions() + END + rest.split(END)[1]


def functions() -> str:
    return "".join(f"\n### {title}\n\n{table(family)}\n" for family, title in titles().items())


def titles() -> dict[str, str]:
    """The families in the order of the page, with the first sentence that their module says."""
    return {
        each.__name__.rpartition(".")[2]: (each.__doc__ or "").split(".")[0].split(",")[0].split(":")[0]
        for each in FAMILIES
    }


def table(family: str) -> str:
    rows = [row(each) for each in sorted(LIBRARY.values(), key=lambda each: each.name) if each.family == family]
    return "\n".join(["| Function | Gives | Example |", "|---|---|---|", *rows])


def row(function: Function) -> str:
    doc = " ".join(function.doc.split()).replace("|", "\\|").replace("[Redact]", "`[Redact]`")
    return f"| `{function.signature}` | {doc} | `{function.example}` → {shown(function.result)} |"


def shown(result: object) -> str:
    if isinstance(result, Control):
        return f"*{result.value}*"
    if isinstance(result, list):
        return " · ".join(f"`{json.dumps(each) if isinstance(each, dict) else each}`" for each in result)
    return f"`{result}`"


def given(function: Function) -> object:
    """What the example really gives."""
    return compile_expression(function.example).evaluate(PERSON, context())


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
