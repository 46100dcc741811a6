"""The main job on real directory exports, typed as an admin would type it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import processes
from tests.world import APP, EXAMPLES

SEATS = 2010


class Desk:
    """An admin's desk: a home, a command line, and GoToMeeting."""

    def __init__(self, home: Path, goto: str) -> None:
        self.home = home
        self.goto = goto

    def type(self, *words: str, ends: int = 0) -> str:
        done = processes.run(self.home, *words)
        assert done.returncode == ends, done.stdout + done.stderr
        return done.stdout

    def read(self, *words: str) -> Any:
        return json.loads(self.type(*words, "--json"))

    def holds(self) -> Any:
        with urllib.request.urlopen(f"{self.goto}/_emulator/state", timeout=30) as answer:
            return json.load(answer)

    def active(self) -> set[str]:
        users = self.holds()["users"]
        return {one["email"] for one in users if one["status"] != "SUSPENDED"} - {"admin@example.com"}

    def requests(self) -> int:
        return sum(one["count"] for one in self.holds()["requests"])

    def forget_counts(self) -> None:
        request = urllib.request.Request(f"{self.goto}/_emulator/reset-counters", method="POST")
        urllib.request.urlopen(request, timeout=30).close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with processes.emulator(tmp_path, "--seats", str(SEATS), "--rate-limit", "0") as goto:
        desk = Desk(tmp_path / "home", goto)
        password = tmp_path / "password"
        password.write_text("admin-password\n")
        secret = tmp_path / "secret"
        secret.write_text("emulator-secret\n")
        desk.type("app", "add", APP)
        addresses = ["--base-address", goto, "--token-address", f"{goto}/oauth/token"]
        client = ["--client-id", "emulator-client", "--client-secret-file", str(secret)]
        admin = ["--user-name", "admin@example.com", "--password-file", str(password)]
        desk.type("app", "credentials", APP, *addresses, *client, *admin)
        desk.type("app", "settings", APP, "rateLimit=5000")
        yield desk


def changed(file: Path, change: Callable[[str], str], to: Path) -> Path:
    to.write_text(change(file.read_text()))
    return to


def reasons(log: Any) -> dict[str, str]:
    return {row["sourceIdentity"]["displayName"]: row["reason"]["code"] for row in log["value"]}


def test_real_exports_become_exactly_the_accounts_they_should(desk: Desk, tmp_path: Path) -> None:
    crew = EXAMPLES / "planetexpress" / "planetexpress.ldif"
    for file in (crew, EXAMPLES / "planetexpress" / "large-group.ldif", EXAMPLES / "hard.ldif"):
        desk.type("directory", "import", str(file), ends=5 if file.stem == "hard" else 0)
    groups = ("ship_crew", "admin_staff", "large_group", "hard_group")
    desk.type("app", "assign", APP, *(word for name in groups for word in ("--group", name)), "--role", "organizer")
    desk.type("app", "test-connection", APP)

    plan = desk.read("plan", APP, "--all")
    assert plan["counts"]["create"] == 2015
    assert not desk.holds()["journal"]

    desk.type("sync", APP, ends=5)
    held = desk.active()
    large = {f"large{number}@planetexpress.com" for number in range(1, 2001)}
    staff = {f"{name}@planetexpress.com" for name in ("fry", "leela", "bender", "professor", "hermes")}
    assert len(held) == SEATS
    hard = {one for one in held if one.endswith("@hard.example")}
    assert not held - large - staff - hard
    missing = (large | staff) - held
    told = reasons(desk.read("logs", APP, "--status", "failure", "--limit", "1000"))
    assert sum(code == "LicenseLimitExceeded" for code in told.values()) == 2015 - SEATS
    assert len(missing) + 10 - len(hard) == 2015 - SEATS
    assert told["Theo Twin"] == told["Tilda Twin"] == "DuplicateSourceEntries"
    assert told["Lena Wolkenbruchhausen-Schmetterlingsthalhaus"] == "ValueTooLong"
    skipped = {
        row["sourceIdentity"]["displayName"]: row["reason"]["code"]
        for row in desk.read("logs", APP, "--status", "skipped")["value"]
    }
    assert skipped == {"Nora Mailless": "ImportSkipped", "Bruno Blocked": "AccountDisabled"}

    desk.forget_counts()
    desk.type("sync", APP)
    assert desk.requests() == 0, "a second sync sends nothing"

    without_bender = changed(
        crew,
        lambda text: text.replace("member: cn=Bender Bending Rodriguez,ou=people,dc=planetexpress,dc=com\n", ""),
        tmp_path / "planetexpress.ldif",
    )
    desk.type("directory", "import", str(without_bender))
    before = desk.active()
    desk.forget_counts()
    desk.type("sync", APP, ends=5)
    gone = before - desk.active()
    assert gone == {"bender@planetexpress.com"}
    writes = {(one["email"], one["effect"]) for one in desk.holds()["journal"]}
    assert {email for email, effect in writes if effect.startswith("license.removed")} == gone
    assert len({email for email, _ in writes}) == 2, "the seat that is free now went to one of those who wait"

    renamed = changed(without_bender, lambda text: text.replace("givenName: Philip", "givenName: Phil"), tmp_path / "x")
    desk.type("directory", "import", str(renamed), "--source", "planetexpress")
    desk.forget_counts()
    desk.type("sync", APP)
    assert [(one["email"], one["effect"]) for one in desk.holds()["journal"]] == [
        ("fry@planetexpress.com", "user.updated firstName")
    ]


def test_where_nobody_waits_for_a_seat_one_leaver_changes_one_account(desk: Desk, tmp_path: Path) -> None:
    crew = EXAMPLES / "planetexpress" / "planetexpress.ldif"
    desk.type("directory", "import", str(crew))
    desk.type("app", "assign", APP, "--group", "ship_crew", "--role", "organizer")
    desk.type("sync", APP)
    assert desk.active() == {f"{name}@planetexpress.com" for name in ("fry", "leela", "bender")}
    member = "member: cn=Bender Bending Rodriguez,ou=people,dc=planetexpress,dc=com\n"
    without = changed(crew, lambda text: text.replace(member, ""), tmp_path / "planetexpress.ldif")
    desk.type("directory", "import", str(without))
    desk.forget_counts()
    desk.type("sync", APP)
    assert [one["email"] for one in desk.holds()["journal"]] == ["bender@planetexpress.com"]
    assert desk.active() == {"fry@planetexpress.com", "leela@planetexpress.com"}


def test_nobody_is_invited_twice_whatever_is_done_twice(desk: Desk) -> None:
    file = EXAMPLES / "planetexpress" / "planetexpress.ldif"
    for _ in range(2):
        desk.type("directory", "import", str(file))
        desk.type("sync", APP)
        if _ == 0:
            desk.type("app", "assign", APP, "--group", "ship_crew", "--role", "organizer")
            desk.type("sync", APP)
            desk.type("app", "restart", APP)
    invited = [mail["to"] for mail in desk.holds()["mails"]]
    assert sorted(invited) == sorted(f"{name}@planetexpress.com" for name in ("fry", "leela", "bender"))


def test_no_secret_is_found_in_anything_that_was_written(desk: Desk) -> None:
    desk.type("directory", "import", str(EXAMPLES / "planetexpress" / "planetexpress.ldif"))
    desk.type("app", "assign", APP, "--user", "fry@planetexpress.com", "--role", "organizer")
    said = desk.type("sync", APP) + desk.type("logs", "--audit", "--json") + desk.type("app", "show", APP, "--json")
    written = b"".join(path.read_bytes() for path in desk.home.rglob("*") if path.is_file())
    for secret in ("admin-password", "emulator-secret"):
        assert secret not in said
        assert secret.encode() not in written
    assert b"{SSHA}" not in written, "passwords of the directory are never stored"
