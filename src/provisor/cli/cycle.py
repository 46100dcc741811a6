"""A cycle as it proceeds, and what came of it: for `sync`, `plan apply` and `app restart`."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from provisor.cli.failure import INCOMPLETE, TARGET, exit_code, tell_reason
from provisor.cli.run import run
from provisor.cli.show import cycle_json, document, err, note, number, quoted, reason_json, say
from provisor.text import describe, duration

if TYPE_CHECKING:
    from provisor.app.installation import Installation
    from provisor.app.provisioning import Plan
    from provisor.domain.change import Reason
    from provisor.store.jobs import CycleRow

    Rows = Callable[[Installation], AsyncGenerator[CycleRow]]
    Ended = tuple[Plan, Sequence[tuple[str, Reason]]]

T = TypeVar("T")
PUSHED = ("create", "update", "disable", "delete", "superseded")
FAILURES_SHOWN = 5
SAY_EVERY = 10.0  # seconds, where there is no terminal


def follow(rows: Rows, again: str, *, as_json: bool) -> int:
    """Follow a cycle to its end, say what came of it, and give back the exit code. `again` is how to go on.

    One that an earlier run left unfinished may come before it, and is told of as well.
    """

    async def failures(installation: Installation, plans: Sequence[Plan]) -> Sequence[Ended]:
        return [(plan, await _failures(installation, plan)) for plan in plans]

    ended = watch(rows, again, failures)
    if as_json:
        document(_document(ended))
    else:
        for plan, told in [one for one in ended if _remarkable(one[0])] or ended[-1:]:
            _say_result(plan, told)
    return next((code for plan, _ in reversed(ended) if (code := code_of(plan))), 0)


def watch(rows: Rows, again: str, then: Callable[[Installation, Sequence[Plan]], Awaitable[T]]) -> T:
    """Show cycles as they proceed, to their end; gives back what `then` makes of them."""
    from provisor.app import provisioning
    from provisor.engine.lock import running

    served = False

    async def work(installation: Installation) -> T:
        nonlocal served
        served = running(installation.home) is not None
        seen: dict[str, None] = {}
        with _Progress() as progress:
            async with aclosing(rows(installation)) as stream:
                async for row in stream:
                    seen[row.cycle.id] = None
                    progress.show(row)
        return await then(installation, [await provisioning.show_plan(installation, cycle_id) for cycle_id in seen])

    try:
        return run(work)
    except (KeyboardInterrupt, asyncio.CancelledError):
        if served:
            note("The service goes on with this cycle: provisor status")
        else:
            note(f"Stopped in order; what was under way is looked up before anything is sent again. To go on: {again}")
        raise


def _remarkable(plan: Plan) -> bool:
    return plan.row.error is not None or any(results(plan).values())


def _document(ended: Sequence[Ended]) -> Mapping[str, object]:
    """The last cycle's result; under `resumed` those that were left unfinished before."""
    if not ended:
        return {"cycle": None}
    *before, last = [_result_json(plan, failures) for plan, failures in ended]
    return {**last, "resumed": before} if before else last


class _Progress(AbstractContextManager["_Progress"]):
    """A bar with rate and time left on a terminal; else a line now and then. Both on standard error."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=None), MofNCompleteColumn())
        live = err().is_terminal
        self._bar = Progress(*columns, TextColumn("{task.fields[pace]}", markup=False), console=err(), disable=not live)
        self._live = live
        self._row = self._bar.add_task("Starting", total=None, pace="")
        self._began: tuple[float, int] | None = None
        self._said = 0.0
        self._state = self._cycle = ""

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, row: CycleRow) -> None:
        done, total = sum(row.counts.get(name, 0) for name in PUSHED), row.counts.get("planned", 0)
        state = {"planning": "Planning", "pushing": "Sending"}.get(row.cycle.state, row.cycle.state.capitalize())
        now = time.monotonic()
        if row.cycle.id != self._cycle:
            self._cycle, self._began, self._state = row.cycle.id, None, ""
        if row.cycle.state == "pushing" and self._began is None:
            self._began = (now, done)
        pace = self._pace(now, done, total)
        if self._live:
            known = total if row.cycle.state != "planning" else None
            self._bar.update(self._row, description=state, completed=done, total=known or None, pace=pace)
        elif state != self._state or now - self._said >= SAY_EVERY:
            self._state, self._said = state, now
            if row.cycle.state in ("planning", "pushing"):
                amount = f": {done:,} of {total:,}" if total else f": {done:,}" if done else " …"
                note(state + amount + (f", {pace}" if pace else ""))

    def _pace(self, now: float, done: int, total: int) -> str:
        if self._began is None or now - self._began[0] < 1 or done <= self._began[1]:
            return ""
        rate = (done - self._began[1]) / (now - self._began[0])
        left = f", {duration((total - done) / rate)} left" if total > done else ""
        return f"{rate:.1f} a second{left}"


# ---- what came of it ----------------------------------------------------------------------------------------------


def results(plan: Plan) -> Mapping[str, int]:
    """Lines by what became of them."""
    done = {
        action: plan.counts.get((action, "done"), 0) for action in ("Create", "Update", "Adopt", "Disable", "Delete")
    }

    def in_state(wanted: str) -> int:
        return sum(lines for (_, state), lines in plan.counts.items() if state == wanted)

    return {
        "created": done["Create"],
        "updated": done["Update"],
        "adopted": done["Adopt"],
        "disabled": done["Disable"],
        "deleted": done["Delete"],
        "held": in_state("held"),
        "failed": in_state("failed"),
        "skipped": plan.counts.get(("Skip", "done"), 0),
        "superseded": in_state("superseded"),
    }


def nothing_to_do(plan: Plan) -> str:
    """What is said of a plan without lines."""
    why = "everybody is as they should be" if plan.row.cycle.since is None else "nothing changed since the last cycle"
    return f"Nothing to do for {plan.app.name}: {why}."


async def _failures(installation: Installation, plan: Plan) -> Sequence[tuple[str, Reason]]:
    """The first few: what the target refused, then entries that could not be sent at all."""
    from provisor.app import provisioning, status

    cycle_id = plan.row.cycle.id
    logged = await status.log_page(installation, cycle_id=cycle_id, status="failure", limit=FAILURES_SHOWN)
    found = [(row.seq, row.name, row.reason) for row in logged]
    if len(found) < min(FAILURES_SHOWN, plan.failing):
        told = {seq for seq, _, _ in found}
        skipped = await provisioning.lines(installation, cycle_id, action="Skip", limit=500)
        found += [(one.seq, one.name, one.reason) for one in skipped if one.failed and one.seq not in told]
    return [(name, reason) for _, name, reason in found[:FAILURES_SHOWN]]


def code_of(plan: Plan) -> int:
    if plan.row.error is not None:
        return exit_code(plan.row.error)
    if plan.row.cycle.state != "succeeded":
        return TARGET
    counts = results(plan)
    return INCOMPLETE if counts["failed"] or counts["held"] else 0


def _say_result(plan: Plan, failures: Sequence[tuple[str, Reason]]) -> None:
    counts, app = results(plan), quoted(plan.app.name)
    if plan.row.error is not None:
        tell_reason(plan.row.error, code_of(plan))
    if any(counts.values()):
        told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count and name != "superseded")
        say((f"{plan.app.name}: ", "bold"), told or "nothing yet", ".")
    elif plan.row.error is None:
        say(nothing_to_do(plan))
    if counts["superseded"]:
        say(f"  {number(counts['superseded'], 'entry', 'entries')} changed meanwhile; the next cycle has them.")
    for name, reason in failures:
        say("  ", ("✗ ", "bold red"), (name, "bold"), f": {describe(reason)}")
    if counts["failed"] > len(failures):
        say(f"  … and {counts['failed'] - len(failures):,} more.")
    if failures:
        say(f"  More: provisor logs {app} --status failure")
    if plan.waiting:
        say(f"  {number(plan.waiting, 'entry waits', 'entries wait')} to be tried again: provisor status")
    say_held(plan, app)


def say_held(plan: Plan, app: str) -> None:
    held = {action: lines for (action, state), lines in plan.counts.items() if state == "held"}
    taken = held.get("Disable", 0) + held.get("Delete", 0)
    if taken:
        say(
            ("Held back: ", "bold yellow"),
            f"{number(taken, 'account')} would be disabled or deleted, and {plan.verdict.allowed} go unasked.",
        )
        if plan.row.cycle.allow is not None:
            say(f"  You agreed to {plan.row.cycle.allow:,}, which is not that number.")
        say(f"  Look at them: provisor plan {app}")
        say(f"  If they are meant: provisor sync {app} --allow {taken}")
    if held.get("Adopt"):
        accounts = number(held["Adopt"], "account")
        say(("Held back: ", "bold yellow"), f"{accounts} would be taken over, unusually many or with power there.")
        say(f"  If that is meant: provisor plan {app} --save, and apply that plan.")


def _result_json(plan: Plan, failures: Sequence[tuple[str, Reason]]) -> Mapping[str, object]:
    return {
        "app": {"id": plan.app.id, "name": plan.app.name},
        "cycle": cycle_json(plan.row),
        "results": results(plan),
        "waiting": plan.waiting,
        "failures": [{"displayName": name, "reason": reason_json(reason)} for name, reason in failures],
        "guard": {
            "destructive": plan.verdict.destructive,
            "allowed": plan.verdict.allowed,
            "held": bool(results(plan)["held"]),
        },
    }
