"""Many entries that are all as they should be, and what a cycle costs then.

One entry and its link are made by the engine; the others are copies of these rows, written straight into the database,
in no order, as entries arrive.

    python -m bench.scale fill HOME ADDRESS ENTRIES
    python -m bench.scale unchanged|changes|full HOME ADDRESS
"""

from __future__ import annotations

import random
import sqlite3
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.cycles import CHANGED, people, take
from bench.home import APP, ROLE, connect, cycle, opened, quickest, run
from provisor.app import assignments

FILE = "provisor.db"
PRAGMAS = ("journal_mode=off", "synchronous=off", "cache_size=-2000000", "foreign_keys=off")


async def fill(home: Path, address: str, count: int) -> dict[str, Any]:
    began = time.perf_counter()
    async with opened(home) as installation:
        await take(installation, people(1))
        await connect(installation, address)
        await assignments.assign(installation, APP, "Group", "all", ROLE)
        await cycle(installation, address)
    copy(home / FILE, count)
    return {"seconds": time.perf_counter() - began}


def copy(file: Path, count: int) -> None:
    """Entries, memberships and links like the first one's."""
    database = sqlite3.connect(file, isolation_level=None)
    database.row_factory = sqlite3.Row
    for setting in PRAGMAS:
        database.execute(f"pragma {setting}")
    entry = dict(database.execute("select * from entry where type = 'User'").fetchone())
    link = dict(database.execute("select * from link").fetchone())
    group = database.execute("select group_id from membership").fetchone()[0]
    chance = random.Random(0)
    ids = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(count - 1)]
    database.execute("begin")
    for table, rows in (
        ("entry", copies(entry, entry["id"], ids)),
        ("link", copies(link, entry["id"], ids)),
        ("membership", ((group, one) for one in ids)),
    ):
        places = ", ".join("?" * {"entry": len(entry), "link": len(link), "membership": 2}[table])
        database.executemany(f"insert into {table} values ({places})", rows)
    database.execute("commit")
    database.execute("pragma optimize")
    for setting in ("journal_mode=wal", "synchronous=normal"):
        database.execute(f"pragma {setting}")
    database.close()


def copies(row: dict[str, Any], first: str, ids: list[str]) -> Iterator[tuple[Any, ...]]:
    """The row with another id and another number in all its texts."""
    for number, one in enumerate(ids, start=1):
        uid = f"p{number:06}"
        yield tuple(
            value.replace(first, one).replace("p000000", uid) if isinstance(value, str) else value
            for value in ({**row, "target_id": f"u{number}"} if "target_id" in row else row).values()
        )


def change(file: Path, old: str, new: str) -> None:
    """Another given name for a hundred of them."""
    database = sqlite3.connect(file)
    database.execute("update directory set change_no = change_no + 1")
    database.execute(
        "update entry set change_no = (select change_no from directory), attributes = replace(attributes, ?, ?) "
        "where id in (select entry_id from link order by target_id limit ?)",
        (f'"{old}"', f'"{new}"', CHANGED),
    )
    database.commit()
    database.close()


async def measure(what: str, home: Path, address: str) -> dict[str, Any]:
    async with opened(home) as installation:
        if what == "unchanged":
            return await quickest(installation, address)
        if what == "full":
            return await cycle(installation, address, anew=True)
        change(home / FILE, "Person", "Changed")
        await cycle(installation, address)  # a service has done this before: its statements are compiled
        change(home / FILE, "Changed", "Person")
        return await cycle(installation, address)


if __name__ == "__main__":
    what, home, address = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    run(fill(home, address, int(sys.argv[4])) if what == "fill" else measure(what, home, address))
