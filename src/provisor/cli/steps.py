"""How a person fares, step by step: for `provision` and `explain`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from provisor.cli.show import difference_json, reason_json, say, value
from provisor.text import describe

if TYPE_CHECKING:
    from provisor.domain.log import Details, LogEntry, Scoping, Step

STEPS = {
    "import": "Import",
    "scoping": "Scope",
    "matching": "Match",
    "processing": "Decide",
    "referenceResolution": "References",
    "export": "Send",
}
MARKS = {"success": ("✓", "green"), "failure": ("✗", "bold red"), "skipped": ("·", "dim"), "warning": ("!", "yellow")}
CLAUSES = {True: ("✓ ", "green"), False: ("✗ ", "red"), None: ("? ", "yellow")}
FACTS = (
    ("active", "enabled in the directory", "disabled or deleted in the directory"),
    ("assigned", "assigned", "not assigned"),
    ("entitled", "with a role that gives an account", "without a role that gives an account"),
)


def say_step(number: int, step: Step, *, more: Sequence[str] = ()) -> None:
    """One step with its sentence, and below it what it found."""
    say("  ", MARKS[step.status], f" {number}. ", (f"{STEPS[step.type]:<8}", "bold"), describe(step.reason))
    for line in more:
        say(" " * 14, (line, "dim"))


def scoping_lines(scoping: Scoping | None) -> Sequence[str]:
    """What the scoping step found, in words; each clause of the filter by itself."""
    if scoping is None:
        return ()
    known = [one if getattr(scoping, name) else other for name, one, other in FACTS]
    if scoping.everybody:
        known[1:] = ["in scope as everybody is"]
    marks = {True: "met", False: "not met", None: "cannot be told"}
    return [", ".join(known), *(f"{clause}: {marks[met]}" for clause, met in scoping.clauses.items())]


def read_lines(read: Mapping[str, object]) -> Sequence[str]:
    return [f"{name}: {value(held)}" for name, held in read.items()]  # type: ignore[arg-type]  # as they were read


def log_json(log: LogEntry) -> Mapping[str, object]:
    return {
        "action": log.action,
        "status": log.status,
        "targetId": log.target_id,
        "at": log.at,
        "reason": reason_json(log.reason),
        "steps": [step_json(step) for step in log.steps],
        "modified": [difference_json(one) for one in log.modified],
    }


def step_json(step: Step) -> Mapping[str, object]:
    details: Details = step.details
    return {
        "name": step.name,
        "type": step.type,
        "status": step.status,
        "description": describe(step.reason),
        "details": dict(details),
    }
