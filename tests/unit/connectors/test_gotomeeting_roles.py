"""Which licences and admin roles come and go when somebody's app roles change."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.gotomeeting_bench import ROLES

from provisor.connectors.gotomeeting.moves import Moves, Ours, leaving, moves
from provisor.connectors.gotomeeting.roles import Grant, resolve, roles_held
from provisor.connectors.gotomeeting.wire import User
from provisor.domain.assignment import AppRole
from provisor.domain.error import InvalidValue

LICENCES = {"m": ["G2M"], "w": ["G2W", "G2M"], "t": ["G2T", "G2M"], "v": ["OPENVOICE"], "all": ["G2M", "OPENVOICE"]}
SUPER = ["SUPER_USER", "MANAGE_USERS", "MANAGE_SEATS", "MANAGE_GROUPS", "RUN_REPORTS"]


def user(licences: str = "", admin_roles: Sequence[str] = ()) -> User:
    keys = licences.split()
    products = [product for key in keys for product in LICENCES.get(key, ())]
    return User(key=1, license_keys=[*keys], products=products, admin_roles=list(admin_roles))


@pytest.mark.parametrize(
    ("licences", "admin_roles", "roles"),
    [
        ("", (), []),
        ("m", (), ["organizer"]),
        ("w", (), ["webinarOrganizer"]),
        ("w m", (), ["organizer", "webinarOrganizer"]),
        ("w t", (), ["trainingOrganizer", "webinarOrganizer"]),
        ("all", (), ["openVoice", "organizer"]),
        ("", ("MANAGE_USERS",), []),
        ("", ("MANAGE_USERS", "MANAGE_SEATS"), ["manager"]),
        ("", SUPER, ["superAdmin"]),
        ("m v", SUPER, ["superAdmin", "openVoice", "organizer"]),
    ],
)
def test_the_fewest_roles_explain_what_is_held(licences: str, admin_roles: Sequence[str], roles: list[str]) -> None:
    assert roles_held(user(licences, admin_roles), LICENCES, ROLES) == roles


def test_a_licence_that_comes_with_meeting_is_an_organizer_where_there_is_no_webinar_role() -> None:
    only = [role for role in ROLES if role.value == "organizer"]
    assert roles_held(user("w"), LICENCES, only) == ["organizer"]


def test_a_licence_we_cannot_see_counts_by_the_products_of_its_holder() -> None:
    held = User(key=1, license_keys=["gone"], products=["G2M"])
    assert roles_held(held, LICENCES, ROLES) == ["organizer"]
    assert moves(held, resolve(["organizer"], ROLES), Grant(), Ours(), LICENCES) == Moves()


def test_several_roles_are_united_and_the_highest_priority_gives_single_values() -> None:
    roles = [
        AppRole("1", "a", "A", priority=1, grant={"products": ["G2M"], "groupKey": "1", "locale": "fr_FR"}),
        AppRole("2", "b", "B", priority=5, grant={"products": ["G2W"], "groupKey": "2", "adminRoles": ["RUN_REPORTS"]}),
        AppRole("3", "c", "C", priority=3, grant={"adminRoles": ["SUPER_USER"]}),
    ]
    grant = resolve(["a", "b", "c"], roles)
    assert set(grant.products) == {"G2M", "G2W"}
    assert (grant.admin_roles, grant.group_key, grant.locale) == (("RUN_REPORTS",), "2", "fr_FR")


@pytest.mark.parametrize("value", ["", "nobody", "Organizer"])
def test_a_role_that_the_app_does_not_have_is_refused(value: str) -> None:
    with pytest.raises(InvalidValue):
        resolve([value], ROLES)


@pytest.mark.parametrize(
    ("held", "before", "after", "expected"),
    [
        ("m", ["organizer"], ["organizer"], Moves()),
        ("w", ["webinarOrganizer"], ["organizer", "webinarOrganizer"], Moves()),
        ("w", ["organizer", "webinarOrganizer"], ["webinarOrganizer"], Moves()),
        ("w", ["organizer", "webinarOrganizer"], ["organizer"], Moves(missing=("G2M",), drop=("w",))),
        ("w m", ["organizer", "webinarOrganizer"], ["organizer"], Moves(drop=("w",))),
        ("w m", ["organizer", "webinarOrganizer"], ["webinarOrganizer"], Moves(drop=("m",))),
        ("m", ["organizer"], ["openVoice"], Moves(missing=("OPENVOICE",), drop=("m",))),
        ("m v", ["organizer"], ["openVoice"], Moves(drop=("m",))),
        ("all", ["organizer", "openVoice"], ["organizer"], Moves()),
        ("m v", [], ["organizer"], Moves()),
    ],
)
def test_what_comes_and_goes(held: str, before: list[str], after: list[str], expected: Moves) -> None:
    gone = leaving(before, after, ROLES)
    assert moves(user(held), resolve(after, ROLES), gone, Ours(), LICENCES) == expected


def test_a_wider_licence_that_we_gave_for_want_of_another_stays() -> None:
    ours = Ours(frozenset({"w"}))
    grant = resolve(["organizer", "manager"], ROLES)
    wanted = Moves(admin_roles=("MANAGE_USERS", "MANAGE_SEATS"))
    assert moves(user("w"), grant, leaving(["organizer"], ["organizer", "manager"], ROLES), ours, LICENCES) == wanted


def test_what_we_gave_goes_when_nothing_needs_it() -> None:
    ours = Ours(frozenset({"v", "renewed"}))
    assert moves(user("m v renewed"), resolve(["organizer"], ROLES), Grant(), ours, LICENCES).drop == ("v", "renewed")


@pytest.mark.parametrize(
    ("held", "before", "after", "expected"),
    [
        (["RUN_REPORTS"], [], ["manager"], ("MANAGE_USERS", "MANAGE_SEATS", "RUN_REPORTS")),
        (["MANAGE_USERS", "MANAGE_SEATS", "RUN_REPORTS"], ["manager"], ["organizer"], ("RUN_REPORTS",)),
        (SUPER, ["superAdmin"], ["organizer"], ()),
        (SUPER, ["superAdmin"], ["manager"], ("MANAGE_USERS", "MANAGE_SEATS")),
        (SUPER, ["superAdmin", "manager"], ["superAdmin"], None),
        (["SUPER_USER"], ["superAdmin", "manager"], ["superAdmin"], None),
        (["SUPER_USER"], ["superAdmin"], ["superAdmin", "manager"], None),
        (["RUN_REPORTS"], [], ["organizer"], None),
    ],
)
def test_admin_roles_of_others_stay(
    held: Sequence[str], before: list[str], after: list[str], expected: tuple[str, ...] | None
) -> None:
    gone = leaving(before, after, ROLES)
    assert moves(user("m", held), resolve(after, ROLES), gone, Ours(), LICENCES).admin_roles == expected


PRODUCT_ROLES = [role.value for role in ROLES if role.grant.get("products")]


@given(
    held=st.sets(st.sampled_from(sorted(LICENCES))),
    before=st.sets(st.sampled_from(PRODUCT_ROLES)),
    after=st.sets(st.sampled_from(PRODUCT_ROLES), min_size=1),
    given_=st.sets(st.sampled_from(sorted(LICENCES))),
)
def test_once_done_nothing_is_left_to_do(held: set[str], before: set[str], after: set[str], given_: set[str]) -> None:
    grant, ours = resolve(after, ROLES), Ours(frozenset(given_))
    plan = moves(user(" ".join(sorted(held))), grant, leaving(before, after, ROLES), ours, LICENCES)
    narrow = {"G2M": "m", "G2W": "w", "G2T": "t", "OPENVOICE": "v"}
    now = (held - set(plan.drop)) | {narrow[product] for product in plan.missing}
    assert set(grant.products) <= {product for key in now for product in LICENCES[key]}
    assert set(plan.drop) <= held
    again = moves(user(" ".join(sorted(now))), grant, leaving(after, after, ROLES), Ours(), LICENCES)
    assert again == Moves()
