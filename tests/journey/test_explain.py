"""Why somebody is in an app or is not, and what happens next: right for whoever is asked about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.contract.scim_bench import CORE
from tests.journey.test_matching import BY_ID
from tests.journey.test_scim import APP, connected, import_ldif, staff, sync
from tests.journey.test_scope import group, save_filter
from tests.journey.test_values import mover
from tests.world import ldif_person, remap

from provisor.app import apps, assignments, people, provisioning
from provisor.app.explain import Explanation, explain
from provisor.app.installation import Installation
from provisor.domain.error import Refused
from provisor.domain.schema import AttributeMapping, FilterClause, FilterGroup
from provisor.testing.scim import Fault, Options, ScimEmulator
from provisor.text import describe

ADA = "p00000@corp.example"


@pytest.fixture
async def scim() -> AsyncIterator[ScimEmulator]:
    async with ScimEmulator(Options(bulk=False)) as one:
        yield one


@pytest.fixture
async def three(scim: ScimEmulator, tmp_path: Path) -> AsyncIterator[Installation]:
    async with connected(tmp_path / "home", scim.url, scim.options.token, staff(3)) as installation:
        yield installation


async def told(installation: Installation, user: str = ADA) -> Explanation:
    """An explanation, of which every sentence can be said."""
    found = await explain(installation, APP, user)
    for reason in (found.verdict, found.next):
        assert not describe(reason).startswith(reason.code), reason
    return found


def why(found: Explanation) -> tuple[str, str | None, str]:
    return found.verdict.code, found.verdict.parameters.get("why"), found.next.code


async def test_somebody_who_is_provisioned(scim: ScimEmulator, three: Installation) -> None:
    await sync(three)
    before = scim.writes
    found = await told(three)
    assert why(found) == ("ExplainedProvisioned", None, "NextNothing")
    assert found.link is not None
    assert found.verdict.parameters["account"] == found.link.target_id in scim.users
    assert [(one.role.display_name, one.group) for one in found.roles] == [("User", "all")]
    assert found.last is not None
    assert (found.last.action, found.last.status) == ("create", "success")
    assert scim.writes == before
    assert await provisioning.saved_plans(three, APP) == []


async def test_somebody_who_is_to_be_created_and_when(three: Installation) -> None:
    assert why(await told(three)) == ("ExplainedCreate", "Assigned", "NextOff")
    await provisioning.switch_on(three, APP)
    found = await told(three)
    assert why(found) == ("ExplainedCreate", "Assigned", "NextService")
    assert found.planned is not None
    assert {one.attribute: one.new for one in found.planned.modified}["userName"] == ADA


async def test_somebody_who_is_not_assigned(three: Installation) -> None:
    await import_ldif(three, ldif_person("eve"))
    found = await told(three, "eve@corp.example")
    assert why(found) == ("ExplainedWithout", "NotAssigned", "NextNothing")
    assert found.roles == []


async def test_somebody_with_default_access_alone(three: Installation) -> None:
    await import_ldif(three, ldif_person("eve"))
    await assignments.assign(three, APP, "User", "eve@corp.example", "Default Access")
    found = await told(three, "eve@corp.example")
    assert why(found) == ("ExplainedWithout", "NotEffectivelyEntitled", "NextNothing")
    assert describe(found.verdict) == "Has no account. Why: Assigned with a role that gives no account: Default Access."
    assert [(one.role.provisions, one.group) for one in found.roles] == [(False, None)]


async def test_somebody_whom_the_filter_leaves_out_with_each_clause(three: Installation) -> None:
    clauses = (FilterClause("department", "EQUALS", "Research"), FilterClause("city", "EQUALS", "Paris"))
    await save_filter(three, FilterGroup("Paris", clauses))
    found = await told(three)
    assert why(found) == ("ExplainedWithout", "NotInProvisioningScope", "NextNothing")
    assert found.scope.scoping is not None
    assert found.scope.scoping.clauses == {
        "Paris.department EQUALS Research": True,
        "Paris.city EQUALS Paris": False,
    }


async def test_somebody_who_is_disabled_in_the_directory_before_and_after_a_cycle(three: Installation) -> None:
    await sync(three)
    await people.act(three, "disable", "User", ADA)
    assert why(await told(three)) == ("ExplainedLeaver", "AccountDisabled", "NextOff")
    await sync(three)
    found = await told(three)
    assert why(found) == ("ExplainedDisabled", "AccountDisabled", "NextNothing")
    assert describe(found.verdict).endswith("is disabled. Why: Disabled in the directory.")


async def test_somebody_whom_two_accounts_match(scim: ScimEmulator, three: Installation) -> None:
    await remap(three, APP, BY_ID)
    await import_ldif(three, mover(employeeNumber="7"))
    twins = [scim.people.add({"schemas": [CORE], "userName": f"ada{n}", "externalId": "7"}) for n in range(2)]
    found = await told(three)
    assert why(found) == ("ExplainedWithout", "DuplicateTargetEntries", "NextMend")
    assert found.verdict.parameters["accounts"] == ", ".join(sorted(twins))
    await sync(three)
    found = await told(three)
    assert why(found) == ("ExplainedWithout", "DuplicateTargetEntries", "NextAttemptOff")
    assert found.waiting is not None
    assert found.waiting.next_attempt is not None


async def test_somebody_whose_account_is_there_already(scim: ScimEmulator, three: Installation) -> None:
    theirs = scim.people.add({"schemas": [CORE], "userName": ADA})
    found = await told(three)
    assert (found.verdict.code, found.verdict.parameters) == ("ExplainedAdopt", {"account": theirs})


async def test_somebody_who_moved_and_what_that_changes(three: Installation) -> None:
    await sync(three)
    await import_ldif(three, mover(departmentNumber="Sales"))
    found = await told(three)
    assert why(found) == ("ExplainedUpdate", None, "NextOff")
    assert found.planned is not None
    assert [(one.old, one.new) for one in found.planned.modified] == [("Research", "Sales")]


async def test_somebody_whose_account_vanished(scim: ScimEmulator, three: Installation) -> None:
    await sync(three)
    [gone] = [key for key, user in scim.users.items() if user["userName"] == ADA]
    scim.people.remove(gone)
    found = await told(three)
    assert (found.verdict.code, found.verdict.parameters["account"]) == ("ExplainedVanished", gone)
    assert found.link is not None  # whoever only asks, forgets nothing


async def test_somebody_with_a_value_that_no_mapping_can_use(three: Installation) -> None:
    await remap(three, APP, AttributeMapping("title", "CDate([jobTitle])"))
    found = await told(three)
    assert why(found) == ("ExplainedWithout", "InvalidValue", "NextMend")
    assert found.verdict.parameters["attribute"] == "title"


async def test_somebody_whom_the_target_refuses_is_told_since_when_and_of_what(
    scim: ScimEmulator, three: Installation
) -> None:
    scim.inject(Fault(kind="server-error", method="POST", status=400))
    await sync(three)
    found = await told(three)
    assert found.last is not None
    assert found.waiting is not None
    assert found.last.status == "failure"
    assert found.waiting.reason == found.last.reason
    assert why(found) == ("ExplainedCreate", "Assigned", "NextAttemptOff")


async def test_without_the_target_what_the_directory_knows_is_told_all_the_same(
    scim: ScimEmulator, three: Installation
) -> None:
    await import_ldif(three, ldif_person("eve"))
    await scim.stop()
    found = await told(three)
    assert found.unknown is not None
    assert why(found) == ("ExplainedUnknown", None, "NextOff")
    assert why(await told(three, "eve@corp.example")) == ("ExplainedWithout", "NotAssigned", "NextNothing")


async def test_an_app_that_is_not_connected_is_no_obstacle(tmp_path: Path, three: Installation) -> None:
    await apps.set_mode(three, APP, "Manual")
    found = await told(three)
    assert found.unknown is not None
    assert found.unknown.code == "ModeManual"


async def test_nobody_and_nowhere_are_refused(three: Installation) -> None:
    for app, user in ((APP, "nobody"), ("nowhere", ADA), (APP, "all")):
        with pytest.raises(Refused):
            await explain(three, app, user)


async def test_somebody_kept_although_out_of_scope(three: Installation) -> None:
    await sync(three)
    await apps.set_settings(three, APP, {"skipOutOfScopeDeletions": "true"})
    await save_filter(three, group("department", "EQUALS", "Sales"))
    assert why(await told(three))[:2] == ("ExplainedLeftAlone", "NotInProvisioningScope")
