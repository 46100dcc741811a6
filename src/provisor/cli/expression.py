"""`provisor expression`: one tried out, and files of cases."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provisor.cli.failure import REFUSED, tell
from provisor.cli.given import called, read_file
from provisor.cli.run import run
from provisor.cli.show import Styled, as_json, document, facts, note, reason_json, say
from provisor.text import describe, plain

if TYPE_CHECKING:
    from provisor.app.expressions import Evaluated, Tried
    from provisor.expression import Context, ExpressionError, Result

CONTROLS = {
    "IgnoreFlow": "the value is empty, so the attribute is left out of what is sent: the account keeps what it has.",
    "IgnoreAttributeFlow": "the attribute is left out of what is sent: the account keeps what it has.",
    "IgnoreObjectFlow": "the whole person is skipped: no account is made, and one that is there stays as it is.",
    "Escrow": "every value is taken, so nothing is sent: the person waits, and is tried again later.",
}
"""What a control means for the flow."""

AROUND = 60  # characters that are shown before the place of a fault, and after it


@click.group()
def expression() -> None:
    """Try the expressions of mappings out, and test them."""


# ---- one expression -------------------------------------------------------------------------------------------------


@expression.command("eval")
@click.argument("text", metavar="EXPRESSION")
@click.option("--user", metavar="USER", help="With the attributes of this user of the directory.")
@click.option("--app", "app_", metavar="APP", help="With --user: with the roles that the user holds in this app.")
@click.option(
    "--source",
    type=click.Path(path_type=Path, allow_dash=True),
    help="With the attributes in this file, a JSON object; - is standard input.",
)
@click.option(
    "--taken", multiple=True, metavar="VALUE", help="For SelectUniqueValue: an account has this value. Repeatable."
)
@as_json
def eval_(
    text: str, user: str | None, app_: str | None, source: Path | None, taken: tuple[str, ...], as_json: bool
) -> int:
    """Evaluate one expression: with a user's attributes, with those in a file, or without any.

    What it reads and does not find is named on standard error; nothing is asked of an app.
    """
    from provisor.app import expressions
    from provisor.expression import ExpressionError

    if user is not None and source is not None:
        raise click.UsageError("--user or --source, not both.")
    if app_ is not None and user is None:
        raise click.UsageError("--app goes with --user.")
    try:
        if user is not None:
            found = run(lambda installation: expressions.evaluate_for(installation, text, user, app_, taken))
        else:
            attributes = expressions.read_source(read_file(source), called(source)) if source else {}
            found = expressions.evaluate(text, attributes, _around([text], taken))
    except ExpressionError as error:
        code = tell(error)
        _point(text, error)
        return code
    _say_missing(found, roles=user is None or app_ is not None)
    if as_json:
        document(_result_json(found.result))
    else:
        for line in _lines(found.result):
            say(line)
    return 0


def _around(texts: Iterable[str], taken: Sequence[str] = ()) -> Context:
    """What an expression may ask for; the home is looked into only where one of them asks for the default domain."""
    from provisor.app import default_domain, expressions
    from provisor.app.compose import now

    domain = run(default_domain.show).domain if default_domain.asked_for(texts) else None
    return expressions.context(now(), domain, taken)


def _point(text: str, error: ExpressionError) -> None:
    """The line of the expression, and below it the place."""
    from rich.cells import cell_len

    lines = text.split("\n")
    line = lines[error.place.line - 1] if error.place.line <= len(lines) else ""
    column = error.place.column - 1
    start = max(0, column - AROUND)
    before, after = plain(line[start:column]), plain(line[column : column + AROUND])
    cut = "…" if start else ""
    note("    ", f"{cut}{before}{after}", "…" if len(line) > column + AROUND else "")
    note("    " + " " * cell_len(cut + before), ("^", "bold red"))


def _say_missing(found: Evaluated, *, roles: bool) -> None:
    if not found.missing:
        return
    names = ", ".join(f"[{plain(name)}]" for name in found.missing)
    hint = (
        "" if roles or "appRoleAssignments" not in found.missing else " (roles are held in an app: name it with --app)"
    )
    note((f"no value: {names}{hint}", "yellow"))


def _lines(result: Result) -> Sequence[Styled]:
    """A value as a person reads it, several values one a line."""
    from provisor.expression import Control

    match result:
        case Control():
            return [f"{result.value}: {CONTROLS[result.value]}"]
        case None | []:
            return [("(empty)", "dim")]
        case "":
            return [("(empty text)", "dim")]
        case list():
            return [one if isinstance(one, str) else _written(one) for one in result]
        case _:
            return [str(result)]


def _result_json(result: Result) -> Mapping[str, object]:
    from provisor.expression import Control

    return {"control": result.value} if isinstance(result, Control) else {"value": result}


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


# ---- files of cases -------------------------------------------------------------------------------------------------


@expression.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@as_json
def test(file: Path, as_json: bool) -> int:
    """Run the cases of a JSON file, and name those that fail: exit code 1 if one does; - is standard input.

    A case says what an expression must give: {"expression": …, "source": {…}, "expected": …}. A file with a broken case
    is refused as a whole.
    """
    from provisor.app import expressions

    cases = expressions.read_cases(read_file(file), called(file))
    open_ = [one.expression for one in cases if one.context is None or one.context.default_domain is None]
    tried = expressions.run_cases(cases, _around(open_))
    failed = [one for one in tried if not one.outcome.passed]
    if as_json:
        counts = {"passed": len(tried) - len(failed), "failed": len(failed)}
        document({**counts, "cases": [_tried_json(one) for one in tried]})
    else:
        for one in failed:
            _say_failed(one)
        say((f"{len(tried) - len(failed):,} passed, {len(failed):,} failed", "red" if failed else "green"))
    return REFUSED if failed else 0


def _say_failed(one: Tried) -> None:
    outcome = one.outcome
    name = f"{one.number}" if not one.case.id else f"{one.number}, {one.case.id}"
    say(("Failed: ", "bold red"), f"case {name}")
    facts(
        [
            ("  expression", one.case.expression),
            ("  expected", _written(outcome.expected)),
            ("  got", _written(outcome.logged)),
            ("  because", describe(outcome.reason) if outcome.reason else _hidden(one)),
        ]
    )


def _hidden(one: Tried) -> str:
    """Why it failed, where what it gives does not show it."""
    if one.outcome.got == one.outcome.logged:
        return ""
    if one.case.log_value not in (None, one.outcome.logged):
        return f"a log shows {_written(one.outcome.logged)}, and is expected to show {_written(one.case.log_value)}"
    return "it is another value, which Redact hides"


def _tried_json(one: Tried) -> Mapping[str, object]:
    return {
        "number": one.number,
        "id": one.case.id or None,
        "expression": one.case.expression,
        "passed": one.outcome.passed,
        "expected": one.outcome.expected,
        "got": one.outcome.logged,
        "reason": reason_json(one.outcome.reason),
    }
