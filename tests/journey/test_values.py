"""What the mappings of an app do, from the directory to the request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.contract.scim_bench import CORE, ENTERPRISE
from tests.journey.test_scim import APP, connected, import_ldif, log, staff, sync
from tests.world import APP as GOTO
from tests.world import World, ldif_group, ldif_person, remap

from provisor.app import assignments, people, provisioning
from provisor.app.installation import Installation
from provisor.domain.schema import AttributeDefinition, AttributeMapping
from provisor.store.tables import link, plan_line, provisioning_log
from provisor.testing.gotomeeting import Fault as GoToFault
from provisor.testing.scim import Options, ScimEmulator

DEPARTMENT = f"{ENTERPRISE}:department"
SHOUTED = AttributeMapping(DEPARTMENT, 'Append("D-", ToUpper([department]))')
ALIAS = AttributeMapping("nickName", 'SelectUniqueValue([surname], Append([surname], "2"), Append([surname], "3"))')
PIN = "4711-secret"


@pytest.fixture
async def scim() -> AsyncIterator[ScimEmulator]:
    async with ScimEmulator(Options(bulk=False)) as one:
        yield one


@pytest.fixture
async def three(scim: ScimEmulator, tmp_path: Path) -> AsyncIterator[Installation]:
    async with connected(tmp_path / "home", scim.url, scim.options.token, staff(3)) as installation:
        yield installation


def mover(number: int = 0, **changed: Any) -> str:
    """One of the staff, whose attributes are those given."""
    uid = f"p{number:05}"
    known = {"sn": f"Byron {uid}", "title": "Engineer", "departmentNumber": "Research", "mobile": f"+44 {uid[1:]}"}
    return ldif_person(uid, **{**known, "l": "London", **changed})


async def stored(installation: Installation, table: sa.Table) -> str:
    """All that the database holds of one table, as text."""
    async with installation.database.read() as connection:
        return repr((await connection.execute(sa.select(table))).all())


# ---- movers ---------------------------------------------------------------------------------------------------------


async def test_a_mover_costs_one_patch_of_one_attribute(scim: ScimEmulator, three: Installation) -> None:
    await remap(three, APP, SHOUTED)
    await sync(three)
    assert {user[ENTERPRISE]["department"] for user in scim.users.values()} == {"D-RESEARCH"}
    scim.reset_counters()
    scim.remember = True
    await import_ldif(three, mover(departmentNumber="Analysis"))
    assert (await sync(three)).counts == {"planned": 1, "update": 1}
    ada = scim.user("p00000@corp.example")
    assert scim.writes == scim.count("PATCH") == 1
    [(method, body)] = scim.bodies
    assert method == "PATCH"
    assert body["Operations"] == [{"op": "replace", "path": DEPARTMENT, "value": "D-ANALYSIS"}]
    assert ada[ENTERPRISE]["department"] == "D-ANALYSIS"
    scim.reset_counters()
    assert (await sync(three)).counts == {}
    assert not scim.requests


async def test_a_change_that_the_attribute_does_not_count_sends_nothing(
    scim: ScimEmulator, three: Installation
) -> None:
    await remap(three, APP, attributes=[AttributeDefinition("title", case_exact=False)])
    await sync(three)
    await import_ldif(three, mover(title="ENGINEER"))
    assert (await sync(three)).counts == {}
    await remap(three, APP, attributes=[AttributeDefinition("title", case_exact=True)])
    assert (await sync(three)).counts == {"planned": 1, "update": 1}
    assert scim.user("p00000@corp.example")["title"] == "ENGINEER"


async def test_one_whose_expression_fails_is_in_error_and_the_others_go_on(
    scim: ScimEmulator, three: Installation
) -> None:
    await remap(three, APP, AttributeMapping("title", "Left([jobTitle], [mobilePhone])"))
    await import_ldif(three, mover(1, mobile="3") + mover(2, mobile="2"))
    assert (await sync(three)).counts == {"planned": 2, "create": 2, "failed": 1}
    [row] = await log(three, status="failure")
    assert row.reason.code == "InvalidValue"
    assert row.reason.parameters["attribute"] == "title"
    assert row.reason.parameters["expected"] == "a whole number"
    assert {user["title"] for user in scim.users.values()} == {"Eng", "En"}


async def test_a_value_that_does_not_fit_is_one_entrys_error(scim: ScimEmulator, three: Installation) -> None:
    length = AttributeDefinition("title", max_length=10)
    await remap(three, APP, attributes=[length])
    await import_ldif(three, mover(title="Chief of everything"))
    assert (await sync(three)).counts == {"planned": 2, "create": 2, "failed": 1}
    [row] = await log(three, status="failure")
    assert (row.reason.code, row.reason.parameters["attribute"]) == ("ValueTooLong", "title")
    assert len(scim.users) == 2


# ---- clearing -------------------------------------------------------------------------------------------------------

CLEARED = (
    AttributeMapping("title", "[jobTitle]", flow_null_values=True),
    AttributeMapping('addresses[type eq "work"].locality', "[city]", flow_null_values=True),
    AttributeMapping('phoneNumbers[type eq "mobile"].value', "[mobilePhone]", flow_null_values=True),
    AttributeMapping(DEPARTMENT, "[department]", flow_null_values=True),
)


@pytest.mark.parametrize("updates", ["PATCH", "PUT"])
async def test_what_became_empty_is_cleared_where_it_is_mapped_so(tmp_path: Path, updates: Any) -> None:
    async with (
        ScimEmulator(Options(bulk=False, updates=updates)) as scim,
        connected(tmp_path, scim.url, scim.options.token, staff(2)) as installation,
    ):
        await remap(installation, APP, *CLEARED)
        await sync(installation)
        await import_ldif(installation, mover(title="", l="", mobile="", departmentNumber=""))
        plan = await provisioning.make_plan(installation, APP)
        [line] = await provisioning.lines(installation, plan.row.cycle.id)
        assert {(one.attribute, one.new) for one in line.modified} == {(one.target, None) for one in CLEARED}
        assert (await sync(installation)).counts == {"planned": 1, "update": 1}
        user = scim.user("p00000@corp.example")
        assert not {"title", "phoneNumbers"} & user.keys()
        assert "department" not in user.get(ENTERPRISE, {})
        assert "locality" not in repr(user)
        assert {(one.attribute, one.new) for one in (await log(installation))[0].modified} == {
            (one.target, None) for one in CLEARED
        }
        assert scim.user("p00001@corp.example")["title"] == "Engineer"
        assert (await sync(installation)).counts == {}

        scim.reset_counters()
        async for _ in provisioning.restart(installation, APP, ["ConnectorDataStore"]):
            pass
        assert (await sync(installation)).counts == {"planned": 2, "update": 2}
        assert (await sync(installation)).counts == {}


async def test_what_became_empty_is_left_alone_otherwise(scim: ScimEmulator, three: Installation) -> None:
    await sync(three)
    await import_ldif(three, mover(title=""))
    assert (await sync(three)).counts == {}
    assert scim.user("p00000@corp.example")["title"] == "Engineer"


# ---- on creation only, added only -----------------------------------------------------------------------------------


async def test_what_applies_on_creation_only_is_sent_once(scim: ScimEmulator, three: Installation) -> None:
    await remap(three, APP, AttributeMapping("title", "[jobTitle]", "ObjectAddOnly", default="Staff"))
    await sync(three)
    scim.reset_counters()
    await import_ldif(three, mover(title="Boss"))
    assert (await sync(three)).counts == {}
    await import_ldif(three, mover(9, title="") + ldif_group("all", ["p00000", "p00001", "p00002", "p00009"]))
    await sync(three)
    assert scim.user("p00009@corp.example")["title"] == "Staff"


@pytest.mark.parametrize("updates", ["PATCH", "PUT"])
async def test_roles_are_added_and_those_given_by_hand_stay(tmp_path: Path, updates: Any) -> None:
    async with (
        ScimEmulator(Options(bulk=False, updates=updates)) as scim,
        connected(tmp_path, scim.url, scim.options.token, staff(1)) as installation,
    ):
        roles = AttributeMapping("roles", "[jobTitle]", "MultiValueAddOnly")
        await remap(installation, APP, roles, attributes=[AttributeDefinition("roles", multivalued=True)])
        await sync(installation)
        user = scim.user("p00000@corp.example")
        user["roles"].append({"value": "by hand"})
        await import_ldif(installation, mover(title="Boss"))
        await sync(installation)
        held = [role["value"] for role in scim.user("p00000@corp.example")["roles"]]
        assert sorted(held) == ["Boss", "Engineer", "by hand"]
        await import_ldif(installation, mover(title="Engineer"))
        assert (await sync(installation)).counts == {"planned": 1, "update": 1}, "its title changed"
        assert len(scim.user("p00000@corp.example")["roles"]) == 3


# ---- controls -------------------------------------------------------------------------------------------------------


async def test_who_is_left_out_by_a_mapping_is_skipped_and_says_why(scim: ScimEmulator, three: Installation) -> None:
    await remap(three, APP, AttributeMapping("objectFilter", 'IIF([city]="Paris", IgnoreObjectFlow, "False")'))
    await import_ldif(three, mover(l="Paris"))
    assert (await sync(three)).counts["create"] == 2
    assert ("p00000@corp.example", "LeftOutByMapping") in {(row.login, row.reason.code) for row in await log(three)}
    await import_ldif(three, mover(1, l="Paris", title="Boss"))
    await sync(three)
    assert scim.user("p00001@corp.example")["title"] == "Engineer", "an account that is there is left alone"
    await import_ldif(three, mover(1, l="Rome", title="Boss"))
    await sync(three)
    assert scim.user("p00001@corp.example")["title"] == "Boss"


# ---- unique values --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("many", [True, False], ids=["listed", "asked"])
async def test_nobody_is_given_a_value_that_another_has(scim: ScimEmulator, three: Installation, many: bool) -> None:
    await remap(three, APP, ALIAS)
    alike = "".join(mover(number, sn="Byron") for number in range(3))
    await import_ldif(three, alike)
    for number in range(0 if many else 200):
        scim.people.add({"schemas": [CORE], "userName": f"stranger{number}"})
    scim.people.add({"schemas": [CORE], "userName": "stranger", "nickName": "byron"})
    assert (await sync(three)).counts == {"planned": 2, "create": 2, "failed": 1}
    names = {user["nickName"]: key for key, user in scim.users.items() if "nickName" in user}
    assert names.keys() == {"byron", "Byron2", "Byron3"}
    [row] = await log(three, status="failure")
    assert (row.reason.code, row.reason.parameters) == ("NoUniqueValue", {"attribute": "nickName"})

    await import_ldif(three, mover(0, sn="Lovelace") + mover(1, sn="Lovelace") + mover(2, sn="Lovelace"))
    await sync(three)
    given = {user.get("nickName") for user in scim.users.values()} - {None}
    assert given == {"byron", "Byron2", "Byron3", "Lovelace"}, "who has a value keeps it"


async def test_who_finds_no_free_value_is_tried_again(scim: ScimEmulator, three: Installation) -> None:
    await remap(three, APP, AttributeMapping("nickName", 'SelectUniqueValue("one", "two")'))
    assert (await sync(three)).counts == {"planned": 2, "create": 2, "failed": 1}
    for user in scim.users.values():
        user.pop("nickName", None)
    async for _ in provisioning.restart(three, APP, ["Escrows"]):
        pass
    await sync(three)
    assert len(scim.users) == 3


# ---- values that nobody may see -------------------------------------------------------------------------------------

REDACTED = AttributeMapping("nickName", "Redact([mobilePhone])")


async def test_a_redacted_value_reaches_the_target_and_nothing_else(scim: ScimEmulator, three: Installation) -> None:
    await remap(three, APP, REDACTED, AttributeMapping('phoneNumbers[type eq "mobile"].value', None))
    await import_ldif(three, mover(mobile=PIN))
    plan = await provisioning.make_plan(three, APP)
    shown = await provisioning.lines(three, plan.row.cycle.id)
    assert {one.new for line in shown for one in line.modified if one.attribute == "nickName"} == {"[Redact]"}
    assert PIN not in repr(shown)
    async for _ in provisioning.apply_plan(three, plan.row.cycle.id):
        pass
    assert scim.user("p00000@corp.example")["nickName"] == PIN
    for table in (plan_line, provisioning_log, link):
        assert PIN not in await stored(three, table)
    scim.reset_counters()
    assert (await sync(three)).counts == {}
    await import_ldif(three, mover(mobile="0815-secret"))
    assert (await sync(three)).counts == {"planned": 1, "update": 1}
    assert scim.user("p00000@corp.example")["nickName"] == "0815-secret"
    assert "[Redact]" in repr(await log(three))
    for table in (plan_line, provisioning_log, link):
        assert "0815-secret" not in await stored(three, table)


async def test_a_target_that_repeats_a_redacted_value_in_its_refusal_is_not_quoted(world: World) -> None:
    await world.import_text(ldif_person("ada", sn=PIN))
    await world.connect()
    await remap(world.installation, GOTO, AttributeMapping("lastName", "Redact([surname])"))
    await world.assign("ada@corp.example")
    body = f'{{"incidentId":"1","errors":[{{"code":"user.name.invalid","message":"{PIN} is no name"}}]}}'
    world.emulator.inject(GoToFault(kind="server-error", status=400, method="POST", path="/users$", body=body))
    assert (await world.sync()).counts == {"planned": 1, "failed": 1}
    [row] = await world.log(status="failure")
    assert "[Redact]" in row.reason.parameters["said"]
    assert PIN not in repr(row)


# ---- GoToMeeting ----------------------------------------------------------------------------------------------------


async def test_a_locale_is_cleared_and_a_name_is_not(world: World) -> None:
    await world.import_text(ldif_person("ada", preferredLanguage="it_IT"))
    await world.connect()
    locale = AttributeMapping("locale", "[preferredLanguage]", flow_null_values=True)
    name = AttributeMapping("lastName", "[department]", default="Example", flow_null_values=True)
    await remap(world.installation, GOTO, locale, name, attributes=[AttributeDefinition("lastName", case_exact=True)])
    await world.assign("ada@corp.example")
    await world.sync()
    assert world.emulator.user("ada@corp.example").locale == "it_IT"
    await world.import_text(ldif_person("ada"))
    assert (await world.sync()).counts == {"planned": 1, "update": 1}
    assert world.emulator.user("ada@corp.example").locale == ""
    await world.import_text(ldif_person("ada", departmentNumber="Byron"))
    await world.sync()
    await world.import_text(ldif_person("ada"))
    assert (await world.sync()).counts == {"planned": 1, "failed": 1}
    [row] = await world.log(status="failure")
    assert (row.reason.code, row.reason.parameters["attribute"]) == ("MissingValues", "lastName")
    assert world.emulator.user("ada@corp.example").last_name == "Byron"


# ---- a vanished account ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("again", [True, False], ids=["made again by hand", "gone"])
async def test_a_vanished_account_is_noticed_and_healed_as_the_plan_shows(
    scim: ScimEmulator, three: Installation, again: bool
) -> None:
    await sync(three)
    scim.people.remove(next(key for key, user in scim.users.items() if user["userName"] == "p00000@corp.example"))
    there = scim.people.add({"schemas": [CORE], "userName": "p00000@corp.example", "active": True}) if again else None
    await import_ldif(three, mover(title="Boss"))
    assert (await sync(three)).counts == {"planned": 1, "failed": 1}
    [row] = await log(three, status="failure")
    assert row.reason.code == "InvalidAnchor"
    plan = await provisioning.make_plan(three, APP)
    [line] = await provisioning.lines(three, plan.row.cycle.id)
    assert (line.action, line.target_id) == (("Adopt", there) if again else ("Create", None))
    await sync(three)
    assert scim.user("p00000@corp.example")["title"] == "Boss"
    assert len(scim.users) == 3
    await assignments.unassign(three, APP, "Group", "all", None)
    await people.act(three, "disable", "User", "p00000@corp.example")
    await sync(three)
    assert scim.user("p00000@corp.example")["active"] is False, "it is ours again"
