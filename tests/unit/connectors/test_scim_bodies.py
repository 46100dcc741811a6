"""The body of a new SCIM user: each value in its place, whatever was made before it."""

from __future__ import annotations

from typing import Any

import pytest

from provisor.connectors.scim.bodies import NewUsers
from provisor.connectors.scim.paths import CORE
from provisor.connectors.scim.profile import Profile
from provisor.domain.resource import Attributes

WORK = 'emails[type eq "work"].value'
PRIMARY = 'emails[primary eq "True"].value'


def made(desired: Attributes, profile: Profile | None = None) -> dict[str, Any]:
    body = NewUsers(profile or Profile()).body(desired)
    assert body.pop("schemas") == [CORE]
    return body


def test_two_people_with_the_same_names_share_nothing() -> None:
    new = NewUsers(Profile(booleansAsStrings=True))
    first = new.body({"userName": "ada", "active": True, "roles": ["a", "b"], WORK: "ada@x"})
    first["emails"][0]["value"] = first["roles"][0]["value"] = "spoiled"
    first["schemas"].append("spoiled")
    assert new.body({"userName": "bob", "active": False, "roles": "c", WORK: "bob@x"}) == {
        "schemas": [CORE],
        "userName": "bob",
        "active": "False",
        "roles": [{"value": "c"}],
        "emails": [{"type": "work", "value": "bob@x", "primary": True}],
    }


def test_who_lacks_a_value_has_another_shape() -> None:
    new = NewUsers(Profile())
    assert new.body({"userName": "ada", "title": "Countess"})["title"] == "Countess"
    assert "title" not in new.body({"userName": "bob", "title": None})


@pytest.mark.parametrize(
    ("desired", "expected"),
    [
        (
            {"roles": ["a"], 'roles[type eq "x"].value': "b"},
            {"roles": [{"value": "a"}, {"type": "x", "value": "b"}]},
        ),
        (
            {'emails[type eq "work"].primary': True, PRIMARY: "ada@x"},
            {"emails": [{"type": "work", "primary": True, "value": "ada@x"}]},
        ),
        (
            {'emails[primary eq "True"].type': "work", WORK: "ada@x"},
            {"emails": [{"primary": True, "type": "work", "value": "ada@x"}]},
        ),
        (
            {"emails": ["one@x", "two@x"], WORK: "ada@x"},
            {"emails": [{"value": "ada@x", "primary": True}, {"value": "two@x"}]},
        ),
    ],
    ids=["all and one of them", "told by a value: primary", "told by a value: type", "all, and the work one"],
)
def test_a_value_that_tells_several_apart_is_seen(desired: Attributes, expected: dict[str, Any]) -> None:
    assert made(desired) == expected
