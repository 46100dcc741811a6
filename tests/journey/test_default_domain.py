"""The directory's default domain, from the command to the accounts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.journey.command import Command
from tests.journey.test_scim import APP, connected, log, staff, sync
from tests.world import remap

from provisor.app import apps, compose, default_domain, provisioning, status, trial
from provisor.app.installation import Installation
from provisor.app.provisioning import parts
from provisor.domain.error import Refused
from provisor.domain.schema import AttributeMapping
from provisor.engine.cycle import run_cycle
from provisor.engine.request import open_cycle
from provisor.settings import Settings
from provisor.store import jobs
from provisor.testing.scim import Options, ScimEmulator

NICK = AttributeMapping("nickName", 'Join("@", Word([mail], 1, "@"), DefaultDomain())')


@pytest.fixture
async def scim() -> AsyncIterator[ScimEmulator]:
    async with ScimEmulator(Options(bulk=False)) as one:
        yield one


@pytest.fixture
async def two(scim: ScimEmulator, tmp_path: Path) -> AsyncIterator[Installation]:
    """Two people, and an app whose mappings ask for the domain."""
    async with connected(tmp_path / "home", scim.url, scim.options.token, staff(2)) as installation:
        await remap(installation, APP, NICK)
        yield installation


def nicks(scim: ScimEmulator) -> set[str | None]:
    return {user.get("nickName") for user in scim.users.values()}


async def test_the_domain_arrives_and_another_one_changes_every_account(scim: ScimEmulator, two: Installation) -> None:
    first = await default_domain.change(two, " Corp.Example ")
    assert (first.domain, first.changed, [app.name for app in first.apps]) == ("corp.example", True, [APP])
    assert (await sync(two)).counts == {"planned": 2, "create": 2}
    assert nicks(scim) == {"p00000@corp.example", "p00001@corp.example"}
    assert (await sync(two)).counts == {}

    await default_domain.change(two, "other.example")
    row = await sync(two)
    assert (row.cycle.kind, row.counts) == ("initial", {"planned": 2, "update": 2})
    assert nicks(scim) == {"p00000@other.example", "p00001@other.example"}


async def test_without_a_domain_those_who_need_it_are_in_error_and_learn_how_to_set_it(
    scim: ScimEmulator, two: Installation
) -> None:
    await sync(two)
    assert not scim.users
    [one, other] = await log(two, status="failure")
    assert one.reason.code == other.reason.code == "InvalidValue"
    assert one.reason.parameters["problem"] == "NoDefaultDomain"
    await default_domain.change(two, "corp.example")
    assert (await sync(two)).counts == {"planned": 2, "create": 2}


async def test_an_app_that_does_not_ask_for_the_domain_is_left_alone(scim: ScimEmulator, tmp_path: Path) -> None:
    async with connected(tmp_path / "home", scim.url, scim.options.token, staff(1)) as installation:
        await sync(installation)
        before = (await apps.show(installation, APP)).job
        assert (await default_domain.change(installation, "corp.example")).apps == []
        assert (await apps.show(installation, APP)).job == before


async def test_the_same_domain_again_changes_nothing(two: Installation) -> None:
    await default_domain.change(two, "corp.example")
    await sync(two)
    again = await default_domain.change(two, "CORP.example")
    assert not again.changed
    assert (await apps.show(two, APP)).job.watermark is not None
    changes = [row for row in await status.audit_page(two) if row.activity == "Set default domain"]
    assert [row.before for row in changes] == ['{"defaultDomain":null}']
    assert [row.after for row in changes] == ['{"defaultDomain":"corp.example"}']


async def test_a_cycle_keeps_the_domain_that_it_began_with_and_the_next_looks_at_everybody(
    scim: ScimEmulator, two: Installation
) -> None:
    await default_domain.change(two, "corp.example")
    async with two.database.transaction() as connection:
        job = await jobs.job_of(connection, (await apps.find(connection, APP)).id)
        cycle = await open_cycle(connection, "sync", job, {}, two.clock())
    assert cycle is not None
    await default_domain.change(two, "other.example")
    assert await run_cycle(parts(two), cycle, asyncio.Event()) == "succeeded"
    assert nicks(scim) == {"p00000@corp.example", "p00001@corp.example"}
    assert (await sync(two)).counts == {"planned": 2, "update": 2}
    assert nicks(scim) == {"p00000@other.example", "p00001@other.example"}


async def test_a_plan_that_was_made_with_another_domain_is_gone(two: Installation) -> None:
    await default_domain.change(two, "corp.example")
    plan = await provisioning.make_plan(two, APP)
    await default_domain.change(two, None)
    with pytest.raises(Refused) as caught:
        await provisioning.show_plan(two, plan.row.cycle.id)
    assert caught.value.reason.code == "UnknownPlan"


NONE = (
    *("", "localhost", "a..example", ".example", "-a.example", "a_b.example", "a example.com", "bücher.example"),
    *("x@a.example", "https://a.example", "a.example/", "10.0.0.1", f"{'a' * 64}.example", "a." * 127 + "ab"),
)


@pytest.mark.one_database
async def test_what_is_no_domain_is_refused_and_the_old_one_stays(tmp_path: Path) -> None:
    async with compose.opened(Settings(home=tmp_path), "tester") as installation:
        await default_domain.change(installation, "corp.example")
        for domain in NONE:
            with pytest.raises(Refused) as caught:
                await default_domain.change(installation, domain)
            assert caught.value.reason.code == "DomainInvalid", domain
        assert (await default_domain.show(installation)).domain == "corp.example"


async def test_the_command_shows_sets_and_clears_it(tmp_path: Path, scim: ScimEmulator) -> None:
    provisor = Command(tmp_path / "home")
    async with connected(provisor.home, scim.url, scim.options.token, staff(1)) as installation:
        await remap(installation, APP, NICK)
    command = ("directory", "default-domain")
    assert "There is no default domain." in (await provisor.done(*command)).out
    told = await provisor.done(*command, "Corp.Example")
    assert (
        told.out == f"The default domain is corp.example.\n1 app uses it ({APP}); its next cycle looks at everybody.\n"
    )
    assert "Default domain: corp.example." in (await provisor.done("status")).out
    refused = await provisor(*command, "nonsense")
    assert (refused.code, refused.out) == (1, "")
    assert '"nonsense" is no domain name.' in refused.err
    assert (await provisor(*command, "a.example", "--clear")).code == 2
    cleared = await provisor.done(*command, "--clear", "--json")
    assert cleared.json["defaultDomain"] is None
    assert [app["name"] for app in cleared.json["apps"]] == [APP]


async def test_mappings_that_are_tried_have_the_domain_too(two: Installation) -> None:
    await default_domain.change(two, "corp.example")
    tried = await trial.try_mappings(two, APP, "p00000@corp.example")
    [flow] = [one for one in tried.flows if one.mapping.target == "nickName"]
    assert (flow.result, flow.after) == ("p00000@corp.example", "p00000@corp.example")
