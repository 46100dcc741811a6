"""Whom a cycle looks at, page by page, and which roles they hold."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.world import APP, World, ldif_group, ldif_person, world

from provisor.app import apps, people
from provisor.domain.job import Job
from provisor.domain.resource import ResourceType
from provisor.ledger import Candidate
from provisor.store.candidates import Scan

NAMES = ("ada", "bob", "cyd", "dee")


@pytest.fixture
async def four(tmp_path: Path) -> AsyncIterator[World]:
    """Ada and Bob in `one`, Bob and Cyd in `two`, Dee in a group that is a member of `one`."""
    async with world(tmp_path / "home") as made:
        groups = ldif_group("one", ["ada", "bob"]) + ldif_group("two", ["bob", "cyd"]) + ldif_group("three", ["dee"])
        nested = groups.replace("cn: one\n", "cn: one\nmember: cn=three,ou=groups,dc=corp,dc=example\n")
        await made.import_text("".join(map(ldif_person, NAMES)) + nested)
        await made.connect()
        yield made


async def scanned(made: World, limit: int = 100) -> Sequence[Sequence[Candidate]]:
    """The pages of a cycle that looks at everybody."""
    cycle, types = await made.open_cycle(), frozenset[ResourceType]({"User"})
    pages: list[Sequence[Candidate]] = []
    async with made.installation.database.read() as connection:
        app = await apps.find(connection, APP)
        job: Job = (await apps.setup(connection, made.installation, app)).job
        scan = Scan(job, cycle, types, made.installation.clock())
        for query in scan.queries():
            last: sa.Row[Any] | None = None
            while True:
                page, last = await scan.page(connection, query, last, limit)
                pages.append(page)
                if last is None:
                    break
    return pages


async def held(made: World) -> dict[str, list[str]]:
    pages = await scanned(made)
    return {
        str(one.entry.login).partition("@")[0]: [role.value or "" for role in one.roles]
        for page in pages
        for one in page
    }


async def test_roles_are_held_directly_and_through_groups_each_once_the_first_first(four: World) -> None:
    await four.assign("ada@corp.example", role="openVoice")
    await four.assign("ada@corp.example")
    await four.assign_group("one", "two")
    await four.assign_group("two", role="openVoice")
    both = (await held(four))["bob"]
    assert both == ["openVoice", "organizer"]
    assert await held(four) == {"ada": both, "bob": both, "cyd": both}


async def test_a_deleted_group_gives_no_role_and_its_members_are_looked_at(four: World) -> None:
    await four.assign_group("one", "two")
    await people.act(four.installation, "delete", "Group", "one")
    assert await held(four) == {"ada": [], "bob": ["organizer"], "cyd": ["organizer"]}


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
async def test_pages_leave_nobody_out_and_show_nobody_twice(four: World, limit: int) -> None:
    await four.assign(*(f"{name}@corp.example" for name in NAMES))
    found = [str(one.entry.login) for page in await scanned(four, limit) for one in page]
    assert sorted(found) == [f"{name}@corp.example" for name in NAMES]
