"""What was found, as a table of ratios."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import mean
from typing import Any, TypedDict

WIDTHS = (44, 9, 9, 10, 9, 7)


class Found(TypedDict):
    machine: str
    people: int
    concurrency: int
    expressions: dict[str, Any]
    app: dict[str, Any]  # by latency
    entries: dict[str, Any]  # by how many there are


def table(found: Found) -> Iterator[str]:
    yield f"{found['machine']}; {found['concurrency']} requests at a time"
    yield ""
    yield from _expressions(found["expressions"])
    for latency, parts in found["app"].items():
        yield ""
        yield _row(f"{found['people']:,} people, {latency} a request", "seconds", "users/s", "µs CPU", "requests", "MB")
        yield from _app(found["people"], parts)
    yield "  (aims: 0.7 of the bare loop at 0 ms, 0.95 at 20 ms)"
    yield ""
    yield _row("entries that are as they should be", "seconds", "users/s", "µs CPU", "requests", "MB")
    for count, parts in found["entries"].items():
        yield from _entries(int(count), parts)
    yield from _growth(list(found["entries"].values()))


def _expressions(one: Mapping[str, Any]) -> Iterator[str]:
    yield "mappings of one entry".ljust(WIDTHS[0]) + "µs".rjust(WIDTHS[1]) + "times a look-up".rjust(WIDTHS[1] + 9)
    if "problem" in one:
        yield _row("five typical mappings", str(one["problem"]))
        return
    for name, took in {"five typical mappings": one["microseconds_an_entry"], **one["of_which"]}.items():
        times = took / one["look_up"]
        yield f"{name.ljust(WIDTHS[0])}{took:{WIDTHS[1]}.2f}{times:{WIDTHS[1] + 9}.1f}"
    yield "  (6 µs for the five are aimed at, on a core of 3 GHz)"


def _app(people: int, parts: Mapping[str, Any]) -> Iterator[str]:
    loops = [one for one in parts["bare"] if "problem" not in one]
    for number, one in enumerate(parts["bare"], start=1):
        yield _line(f"bare aiohttp loop, run {number}", one, people)
    for way in ("single", "bulk"):
        cycles = parts[way]
        if "problem" in cycles:
            yield _line(f"{way} requests", cycles, people)
            continue
        yield _line(f"{way}: initial cycle", cycles["initial"], people)
        yield _line(f"{way}: incremental cycle, no change", cycles["unchanged"], people)
        yield _line(f"{way}: 100 changes", cycles["changes"], 100)
        yield _line(f"{way}: full cycle, no change", cycles["full"], people)
        yield _line(f"{way}: the target's listing, read only", cycles["listing"], people)
        if loops:
            yield f"  → the initial cycle has {_ratio(loops, cycles['initial'])} of the bare loop's speed"
    if "problem" not in parts["single"] and "problem" not in parts["bulk"]:
        times = parts["single"]["initial"]["seconds"] / parts["bulk"]["initial"]["seconds"]
        yield f"  → Bulk is {times:.2f} times as fast as single requests (2 is aimed at)"
        extra = parts["single"]["initial"]["requests"] - people
        yield f"  → {extra} requests beyond one for each person ({people // 1000 + 5} is aimed at)"


def _entries(count: int, parts: Mapping[str, Any]) -> Iterator[str]:
    names = {"unchanged": "incremental cycle, no change", "changes": "100 changes", "full": "full cycle, no change"}
    for key, name in names.items():
        yield _line(f"{count:,}: {name}", parts[key], 100 if key == "changes" else count)


def _growth(sizes: list[Mapping[str, Any]]) -> Iterator[str]:
    few, many = sizes
    for key, name, aim in (("full", "full cycle", "11"), ("changes", "100 changes", "1")):
        if "problem" not in few[key] and "problem" not in many[key]:
            times = many[key]["seconds"] / few[key]["seconds"]
            yield f"  → ten times the entries: {name} takes {times:.1f} times as long (at the most {aim} is aimed at)"


def _ratio(loops: list[Mapping[str, Any]], cycle: Mapping[str, Any]) -> str:
    wall = mean(one["seconds"] for one in loops) / cycle["seconds"]
    cpu = mean(one["cpu"] for one in loops) / cycle["cpu"]
    return f"{wall:.2f} ({cpu:.2f} by CPU time)"


def _line(name: str, one: Mapping[str, Any], users: int) -> str:
    if "problem" in one:
        return _row(name, str(one["problem"]))
    took, cpu = one["seconds"], one.get("cpu")
    return _row(
        name,
        f"{took:.3f}",
        f"{users / took:,.0f}",
        f"{cpu / users * 1e6:.0f}" if cpu is not None else "",
        str(one["requests"]),
        str(one.get("memory", "")),
    )


def _row(name: str, *cells: str) -> str:
    return name.ljust(WIDTHS[0]) + "".join(cell.rjust(width) for cell, width in zip(cells, WIDTHS[1:], strict=False))
