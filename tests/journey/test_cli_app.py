"""`provisor app` and `provisor gallery`, run as processes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.journey.command import EXAMPLES, GOTO, Command, emulated

from provisor.app import apps, people
from provisor.directory.importing import Options as ImportOptions
from provisor.testing.gotomeeting import Admin, GoToMeetingEmulator

SECRETS = {"Password": "pass-word-7", "Oauth2ClientSecret": "client-secret-8"}


@pytest.fixture
async def provisor(tmp_path: Path) -> Command:
    """With `hard.ldif` and an app."""
    command = Command(tmp_path / "home")
    async with command.opened() as installation:
        await people.import_file(installation, EXAMPLES / "hard.ldif", ImportOptions("ldif"))
        await apps.add(installation, GOTO)
    return command


@pytest.fixture
async def goto() -> AsyncIterator[GoToMeetingEmulator]:
    async with emulated(admins=(Admin(), Admin(email="clerk@example.com", roles=("MANAGE_USERS",)))) as emulator:
        yield emulator


async def credentials(provisor: Command) -> dict[str, object]:
    shown = (await provisor.done("app", "show", GOTO, "--json")).json
    return {one["key"]: one["value"] or one["isSet"] for one in shown["credentials"]}


async def test_empty_states_name_the_next_step(tmp_path: Path) -> None:
    provisor = Command(tmp_path / "home")
    assert "provisor app add" in (await provisor.done("app", "list")).out
    assert "provisor directory import" in (await provisor.done("status")).out
    assert "provisor gallery search" in (await provisor.done("gallery", "search", "nothing-like-it")).out


async def test_an_app_is_found_in_the_gallery_added_listed_and_removed(tmp_path: Path) -> None:
    provisor = Command(tmp_path / "home")
    found = (await provisor.done("gallery", "search", "goto", "--json")).json["value"]
    assert [app["name"] for app in found] == [GOTO]
    added = (await provisor.done("app", "add", GOTO, "--name", "Meetings", "--json")).json
    assert (await provisor.done("app", "list", "--json")).json["value"][0]["id"] == added["id"]
    assert (await provisor("app", "add", GOTO, "--name", "Meetings")).code == 1
    assert (await provisor("app", "remove", "Meetings")).code == 2
    await provisor.done("app", "remove", "Meetings", "--yes")
    assert (await provisor.done("app", "list", "--json")).json["value"] == []


async def test_an_app_that_is_not_there_is_refused_and_those_that_are_are_named(provisor: Command) -> None:
    result = await provisor("app", "show", "nix")
    assert (result.code, result.out) == (1, "")
    assert GOTO in result.err


async def test_secrets_come_from_files_or_standard_input_and_are_never_shown(provisor: Command, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRETS["Oauth2ClientSecret"] + "\n", "utf-8")
    files = ("--password-file", "-", "--client-secret-file", str(tmp_path / "secret"))
    said = await provisor.done(
        *("app", "credentials", GOTO, "--user-name", "admin@example.com", "--client-id", "one"),
        *files,
        typed=SECRETS["Password"] + "\n",
    )
    shown = await provisor.done("app", "show", GOTO)
    audit = await provisor.done("logs", "--audit", "--json")
    for result in (said, shown, audit):
        assert not any(secret in result.out + result.err for secret in SECRETS.values())
    assert await credentials(provisor) == await credentials(provisor) | {
        "UserName": "admin@example.com",
        "Password": True,
        "Oauth2ClientSecret": True,
    }


async def test_a_secret_on_the_command_line_is_refused_and_not_repeated(provisor: Command) -> None:
    result = await provisor("app", "credentials", GOTO, "--set", f"Password={SECRETS['Password']}")
    assert result.code == 2
    assert "--set-file Password=FILE" in result.err
    assert SECRETS["Password"] not in result.out + result.err
    assert (await credentials(provisor))["Password"] is False


async def test_a_changed_address_clears_the_secrets_and_says_which(provisor: Command, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRETS["Password"], "utf-8")
    await provisor.done("app", "credentials", GOTO, "--set-file", f"Password={tmp_path / 'secret'}")
    result = await provisor.done("app", "credentials", GOTO, "--base-address", "https://elsewhere.example", "--json")
    assert result.json["cleared"] == ["Password"]
    assert "Admin Password" in result.err
    assert (await credentials(provisor))["Password"] is False


async def test_an_address_that_is_neither_https_nor_this_machine_is_refused(provisor: Command) -> None:
    result = await provisor("app", "credentials", GOTO, "--base-address", "http://elsewhere.example")
    assert result.code == 1
    assert "https" in result.err


async def test_settings_are_listed_with_their_choices_and_changed(provisor: Command) -> None:
    listed = {one["key"]: one for one in (await provisor.done("app", "settings", GOTO, "--json")).json["value"]}
    assert listed["disableRemoves"]["choices"] == "everything, ours"
    await provisor.done("app", "settings", GOTO, "disableRemoves=ours", "interval=60", "scope=all")
    changed = {o["key"]: o["value"] for o in (await provisor.done("app", "settings", GOTO, "--json")).json["value"]}
    assert (changed["disableRemoves"], changed["interval"], changed["scope"]) == ("ours", 60, "all")
    assert changed["skipOutOfScopeDeletions"] is False
    refused = await provisor("app", "settings", GOTO, "disableRemoves=nothing")
    assert refused.code == 1
    assert "everything, ours" in refused.err
    assert (await provisor("app", "settings", GOTO, "interval")).code == 2


async def test_assign_shows_who_is_assigned_and_unassign_ends_it(provisor: Command) -> None:
    await provisor.done(
        "app", "assign", GOTO, "--group", "hard_group", "--user", "ada@hard.example", "--role", "organizer"
    )
    held = (await provisor.done("app", "assignments", GOTO, "--json")).json["value"]
    assert {(one["principalDisplayName"], one["appRole"]) for one in held} == {
        ("hard_group", "GoToMeeting Organizer"),
        ("Ada Stone", "GoToMeeting Organizer"),
    }
    again = await provisor("app", "assign", GOTO, "--group", "hard_group", "--role", "organizer")
    assert again.code == 1
    await provisor.done("app", "unassign", GOTO, "--group", "hard_group")
    assert len((await provisor.done("app", "assignments", GOTO, "--json")).json["value"]) == 1
    assert (await provisor("app", "unassign", GOTO, "--group", "hard_group")).code == 1


async def test_one_wrong_name_does_not_keep_the_others_from_being_assigned(provisor: Command) -> None:
    result = await provisor(
        *("app", "assign", GOTO, "--user", "nobody@hard.example", "--user", "ada@hard.example", "--role", "organizer")
    )
    assert result.code == 1
    assert "nobody@hard.example" in result.err
    assert "Ada Stone" in result.out


async def test_a_role_must_be_named_and_known(provisor: Command) -> None:
    for words in ((), ("--role", "nix")):
        result = await provisor("app", "assign", GOTO, "--group", "hard_group", *words)
        assert result.code == 1
        assert "GoToMeeting Organizer" in result.err


async def test_default_access_may_be_assigned_and_says_that_it_gives_no_account(provisor: Command) -> None:
    result = await provisor.done("app", "assign", GOTO, "--user", "ada@hard.example", "--role", "Default Access")
    assert "nobody is provisioned" in result.out


async def test_mappings_say_what_flows_where_and_what_the_target_takes(provisor: Command) -> None:
    mapping = (await provisor.done("app", "mappings", GOTO, "--json")).json["objectMappings"][0]
    assert {"target": "email", "source": "[mail]", "matchingPriority": 1}.items() <= mapping["mappings"][0].items()
    shown = (await provisor.done("app", "mappings", GOTO)).out
    assert "required" in shown
    assert "[surname]" in shown


async def test_the_notification_address_is_kept_and_nobody_is_promised_mail(provisor: Command) -> None:
    assert "does not send mail yet" in (await provisor.done("app", "notify", GOTO, "--email", "it@hard.example")).out
    shown = (await provisor.done("app", "show", GOTO, "--json")).json
    assert shown["notification"] == {"email": "it@hard.example", "enabled": True}
    assert (await provisor("app", "notify", GOTO, "--email", "nonsense")).code == 1


async def test_provisioning_is_not_switched_on_without_credentials(provisor: Command) -> None:
    result = await provisor("app", "on", GOTO)
    assert result.code == 1
    assert "Admin Password" in result.err


async def test_a_connection_that_works_shows_every_step(provisor: Command, goto: GoToMeetingEmulator) -> None:
    await connect(provisor, goto, "admin@example.com")
    result = await provisor.done("app", "test-connection", GOTO)
    assert result.out.count("✓") == 6
    steps = (await provisor.done("app", "test-connection", GOTO, "--json")).json
    assert steps["result"] == "success"


async def test_a_connection_without_the_rights_fails_with_what_is_needed(
    provisor: Command, goto: GoToMeetingEmulator
) -> None:
    await connect(provisor, goto, "clerk@example.com")
    result = await provisor("app", "test-connection", GOTO)
    assert result.code == 3
    assert "✗" in result.out
    assert "MANAGE_SEATS" in result.out
    told = await provisor("app", "test-connection", GOTO, "--json")
    assert (told.code, told.json["result"]) == (3, "failure")


async def connect(provisor: Command, goto: GoToMeetingEmulator, admin: str) -> None:
    async with provisor.opened() as installation:
        given = {
            "UserName": admin,
            "Password": goto.options.admins[0].password,
            "Oauth2ClientId": goto.options.client_id,
            "Oauth2ClientSecret": goto.options.client_secret,
            "BaseAddress": goto.url,
            "Oauth2TokenExchangeUri": f"{goto.url}/oauth/token",
        }
        await apps.set_credentials(installation, GOTO, given)
