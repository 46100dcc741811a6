"""The gallery: what ships is found, and what is wrong in a manifest is said in plain words."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from provisor.domain.assignment import DEFAULT_ACCESS
from provisor.domain.error import Refused
from provisor.domain.resource import Value
from provisor.gallery import ManifestError, SettingField, find, gallery, load, search

GOTO = "citrix-gotomeeting"
SHIPPED = (files("provisor.gallery") / f"{GOTO}.toml").read_text("utf-8")


def test_gotomeeting_ships_with_what_its_tutorial_asks_for() -> None:
    app = gallery()[GOTO]
    assert (app.name, app.template, app.connector) == ("Citrix GoToMeeting", "goToMeeting", "gotomeeting")
    assert [field.label for field in app.asked({}) if field.required] == [
        "Admin User Name",
        "Admin Password",
        "OAuth client id",
        "OAuth client secret",
    ]
    assert {field.key for field in app.asked({}) if field.secret} == {"Password", "Oauth2ClientSecret"}
    by_token = app.asked({"SignInMethod": "personalAccessToken"})
    assert {field.key for field in by_token if field.secret} == {"PersonalAccessToken", "Oauth2ClientSecret"}
    assert {field.key for field in app.credentials if field.address} == {"BaseAddress", "Oauth2TokenExchangeUri"}
    assert app.rate_limit.default < app.rate_limit.hard
    assert app.capabilities == {"disable": True, "delete": True}


def test_only_default_access_provisions_nobody() -> None:
    roles = gallery()[GOTO].app_roles
    assert [role.id for role in roles if not role.provisions] == [DEFAULT_ACCESS]
    organizer = next(role for role in roles if role.value == "organizer")
    assert organizer.display_name == "GoToMeeting Organizer"
    assert organizer.grant == {"products": ["G2M"]}


def test_people_are_matched_by_mail_and_deletion_is_off() -> None:
    mapping = gallery()[GOTO].schema.mapping_for("User")
    assert mapping is not None
    assert [(each.target, each.source) for each in mapping.matching] == [("email", "[mail]")]
    assert mapping.flow_types == {"Add", "Update"}


def test_a_manifest_cannot_be_changed() -> None:
    app = gallery()[GOTO]
    with pytest.raises(dataclasses.FrozenInstanceError):
        app.name = "Other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        gallery()["other"] = app  # type: ignore[index]


# ---- search and find


@pytest.mark.parametrize("text", ["", "  ", "citrix", "GOTO meeting", "logmein", "collab", "webinar inc."])
def test_every_word_of_a_search_occurs_somewhere(text: str) -> None:
    assert GOTO in [app.id for app in search(text)]


def test_a_search_in_which_one_word_is_foreign_finds_nothing() -> None:
    assert search("citrix zzz") == []


def test_an_app_whose_name_is_meant_comes_before_one_whose_keyword_is(monkeypatch: pytest.MonkeyPatch) -> None:
    app = gallery()[GOTO]
    apps = {
        each.id: each
        for each in (
            dataclasses.replace(app, id="a", name="Alpha", keywords=("meeting",)),
            dataclasses.replace(app, id="z", name="Zulu Meeting", keywords=()),
        )
    }
    monkeypatch.setattr("provisor.gallery.gallery", lambda: apps)
    assert [each.id for each in search("meeting")] == ["z", "a"]
    assert [each.id for each in search("")] == ["a", "z"]


@pytest.mark.parametrize(
    "name", [GOTO, "Citrix GoToMeeting", "citrix gotomeeting", " CITRIX-GOTOMEETING ", "gotomeeting"]
)
def test_an_app_is_found_by_id_or_name_in_any_case(name: str) -> None:
    assert find(name).id == GOTO


@pytest.mark.parametrize("name", ["gotometing", "citrix gotometing"])
def test_an_app_that_is_nearly_named_is_suggested(name: str) -> None:
    with pytest.raises(Refused) as caught:
        find(name)
    assert caught.value.reason.code == "UnknownApp"
    assert caught.value.reason.parameters["suggestions"].startswith("Citrix GoToMeeting")


def test_an_app_that_nobody_knows_is_refused_without_a_guess() -> None:
    with pytest.raises(Refused) as caught:
        find("zzz")
    assert caught.value.reason.parameters == {"app": "zzz"}


# ---- what is wrong in a file


def changed(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


MISTAKES = {
    "unknown key": (changed("[rate_limit]", 'colour = "red"\n[rate_limit]'), "colour: is not a key that belongs here"),
    "missing key": (changed('connector = "gotomeeting"', ""), "connector: is missing"),
    "not a Boolean": (changed("required = true", 'required = "yes"'), "credential 2, required: must be true or false"),
    "nested": (changed('target = "lastName"', "target = 3"), "object_mapping 1, mapping 3, target: must be a text"),
    "unknown flow": (changed('["Add", "Update"]', '["Add", "Remove"]'), "object_mapping 1, flow_types 2: must be"),
    "not TOML": (changed("[rate_limit]", "[rate_limit"), "is not a TOML file"),
    "not its name": (changed(f'id = "{GOTO}"', 'id = "other"'), "must be called other.toml"),
    "no GUID": (changed("5b0a3d5e-6a1c-4d7e-9d0d-0c6f3f1b7a01", "organizer"), "app_role 2, id: must match"),
    "role id twice": (changed("0c6f3f1b7a02", "0c6f3f1b7a01"), "0c6f3f1b7a01': is there 2 times"),
    "role value twice": (changed('"webinarOrganizer"', '"organizer"'), "app_role 'organizer': is there 2 times"),
    "no Default Access": (changed(f'id = "{DEFAULT_ACCESS}"', f'id = "1{DEFAULT_ACCESS[1:]}"'), "is missing"),
    "Default Access provisions": (changed("provisions = false", ""), "must say provisions = false"),
    "no matching": (changed("matching_priority = 1", ""), "is a matching attribute: no account could be found again"),
    "matching twice": (
        changed('source = "[givenName]"', 'source = "[givenName]"\nmatching_priority = 1'),
        "The matching priority 1 is given to email, firstName",
    ),
    "undeclared target": (changed('target = "lastName"', 'target = "surname"'), "The target has no attribute surname"),
    "required unmapped": (changed('target = "lastName"', 'target = "locale"'), "The target requires lastName"),
    "target twice": (changed('target = "lastName"', 'target = "firstName"'), "There is another mapping to firstName"),
    "no source": (changed('source = "[givenName]"', ""), "firstName has neither a source nor a default"),
    "matching without source": (
        changed('source = "[mail]"', 'default = "x"'),
        "email is a matching attribute, and needs a source",
    ),
    "no expression": (
        changed('"Not([IsSoftDeleted])"', '"Not([x]"'),
        "attributeMappings[3].source.expression: The expression breaks off",
    ),
    "hard below default": (changed("hard = 10", "hard = 5"), "rate_limit: hard (5) is below default (8)"),
    "secret with default": (changed("secret = true", 'secret = true\ndefault = "x"'), "a secret has no default"),
    "default of another type": (changed("default = false", "default = 0"), "the default is not a boolean"),
    "default beyond choices": (changed('default = "PUT"', 'default = "GET"'), "the default is none of the choices"),
    "credential twice": (changed('key = "UserName"', 'key = "Password"'), "credential 'Password': is there 2 times"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_manifest_is_named_with_file_and_place(mistake: str, tmp_path: Path) -> None:
    change, words = MISTAKES[mistake]
    path = tmp_path / f"{GOTO}.toml"
    path.write_text(change(SHIPPED), "utf-8")
    with pytest.raises(ManifestError) as caught:
        load(path)
    assert caught.value.reason.code == "ManifestInvalid"
    assert caught.value.reason.parameters["file"] == path.name
    assert words in caught.value.reason.parameters["problem"]


def test_a_default_serves_where_no_source_gives_a_required_value(tmp_path: Path) -> None:
    path = tmp_path / f"{GOTO}.toml"
    path.write_text(changed('source = "[surname]"', 'default = "Unknown"')(SHIPPED), "utf-8")
    mapping = load(path).schema.object_mappings[0]
    assert next(each for each in mapping.mappings if each.target == "lastName").default == "Unknown"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as caught:
        load(tmp_path / "absent.toml")
    assert caught.value.reason.parameters == {
        "file": "absent.toml",
        "problem": "cannot be read: No such file or directory",
    }


# ---- settings


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (SettingField("k", "K", "boolean"), " Yes ", True),
        (SettingField("k", "K", "boolean"), "false", False),
        (SettingField("k", "K", "integer"), "-3", -3),
        (SettingField("k", "K"), " as it is ", "as it is"),
        (SettingField("k", "K", choices=("PUT", "POST")), "POST", "POST"),
    ],
)
def test_what_somebody_writes_becomes_a_typed_value(field: SettingField, text: str, value: Value) -> None:
    result = field.parse(text)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("field", "text", "choices"),
    [
        (SettingField("k", "K", "boolean"), "maybe", "true, false"),
        (SettingField("k", "K", "integer"), "3.5", "a whole number"),
        (SettingField("k", "K", choices=("PUT", "POST")), "put", "PUT, POST"),
    ],
)
def test_a_value_that_is_none_of_the_choices_is_refused(field: SettingField, text: str, choices: str) -> None:
    with pytest.raises(Refused) as caught:
        field.parse(text)
    assert caught.value.reason.code == "SettingInvalid"
    assert caught.value.reason.parameters == {"key": "k", "value": text, "choices": choices}
