"""`demo`: the main job on sample people, step by step, through the very commands an admin would type."""

from __future__ import annotations

import io
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import click
import platformdirs

from provisor.cli.run import load_settings
from provisor.domain.error import Refused
from provisor.engine.lock import running

APP = "Citrix GoToMeeting"
FIRST = "abeni.grimshaw@larkspur.example"
GROUP = "Engineering"
MARK = "this-is-a-demo"
DATABASE = "PROVISOR_DATABASE_URL"
RATE = 50  # requests a second, which the emulator is told to bear; the real service bears 10


@click.command()
@click.option("--once", is_flag=True, help="Stop everything after the tour; exit 0 only if every step went right.")
@click.option("--home", type=click.Path(file_okay=False, path_type=Path), help="Where to set it up, afresh.")
def demo(once: bool, home: Path | None) -> None:
    """Show the main job: a directory, an app, a joiner, a group, a leaver, each with what came of it.

    Sets up a home of its own, which your own home never meets, starts the service and a stand-in for GoToMeeting,
    and leaves them running until Ctrl-C.
    """
    home = home or Path(platformdirs.user_cache_dir("provisor")) / "demo"
    _fresh(home)
    began = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as processes:
        tour = Tour(home, processes)
        tour.take()
        click.secho(f"\nThe tour took {time.monotonic() - began:.0f} s, and every step did what it should.", bold=True)
        if not once:
            tour.stay()


def _fresh(home: Path) -> None:
    """An empty folder; only a demo's own is ever emptied."""
    if holder := running(home):
        raise Refused("AlreadyRunning", **holder)
    if home.exists() and any(home.iterdir()) and not (home / MARK).exists():
        raise Refused("HomeNotDemo", home=home)
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, mode=0o700)
    (home / MARK).touch()


def _examples() -> Path:
    """Beside the package where it is installed, at the top of the repository otherwise."""
    here = Path(__file__).resolve()
    found = next((up / "examples" for up in here.parents[1:4] if (up / "examples" / "company.ldif").exists()), None)
    if found is None:
        raise Refused("ExamplesMissing")
    return found


class Tour:
    """One tour; `processes` ends what it starts."""

    def __init__(self, home: Path, processes: ExitStack) -> None:
        self._home = home
        self._processes = processes
        for name in [name for name in os.environ if name.startswith("PROVISOR_") and name != DATABASE]:
            del os.environ[name]  # the admin's own installation is none of the demo's business
        os.environ |= {"PROVISOR_HOME": str(home), "COLUMNS": "110"}
        self._emulator = self._service = ""

    def take(self) -> None:
        """Every step; raises Refused (DemoFailed) at the first that does not do what it should."""
        if os.environ.get(DATABASE):
            self._check_empty()
        self._directory()
        self._start()
        self._connect()
        self._first_person()
        self._group()
        self._leaver()
        self._look()

    def stay(self) -> None:
        """Leave everything running until Ctrl-C."""
        click.echo("\nEverything goes on running; look around:")
        click.secho(f"  export PROVISOR_HOME={shlex.quote(str(self._home))}", bold=True)
        if os.environ.get(DATABASE):
            click.echo(f"  {DATABASE} stays as it is set here.")
        click.echo("  provisor status · provisor logs · provisor directory users · provisor app show goto")
        click.echo(f"  The service: {self._service}/healthz")
        click.echo(f"  What GoToMeeting holds: {self._emulator}/_emulator/state")
        click.echo("Ctrl-C stops it all.")
        signal.pause()

    def _check_empty(self) -> None:
        """A database that is given may be the admin's own: only an empty one is the demo's."""
        code, said = self._command(["status", "--json"])
        if code != 0:
            raise Refused("DemoFailed", step=f"{DATABASE}: {said.strip()}", exit=code)
        found = json.loads(said)
        if found["apps"] or any(found["directory"].values()):
            raise Refused("DatabaseNotDemo")

    # ---- the steps ------------------------------------------------------------------------------------------------

    def _directory(self) -> None:
        self._say("1  A directory: sample people and groups from LDIF files")
        examples = _examples()
        self._run("directory", "import", str(examples / "company.ldif"))
        self._run("directory", "import", str(examples / "planetexpress" / "planetexpress.ldif"))

    def _start(self) -> None:
        self._say("2  The service, and a stand-in for GoToMeeting")
        limit = str(RATE * 2)
        words = ["emulate", "gotomeeting", "--port", "0", "--seats", "100", "--rate-limit", limit]
        self._emulator = self._stay(*words)
        os.environ |= {"PROVISOR_GOTO_CLIENT_ID": "emulator-client", "PROVISOR_GOTO_CLIENT_SECRET": "emulator-secret"}
        self._service = self._stay("serve", "--port", str(_port()))
        click.echo(f"  (The real service bears 10 requests a second; this one is told to bear {limit}, to be quick.)")

    def _connect(self) -> None:
        self._say("3  The app from the gallery, connected with its admin's user name and password")
        self._run("gallery", "search", "meeting")
        self._run("app", "add", APP)
        address = ["--base-address", self._emulator, "--token-address", f"{self._emulator}/oauth/token"]
        password = self._home / "password"
        password.write_text("admin-password\n")
        password.chmod(0o600)
        sign_in = ["--user-name", "admin@example.com", "--password-file", str(password)]
        self._run("app", "credentials", APP, *address, *sign_in)
        self._run("app", "settings", APP, f"rateLimit={RATE}")
        self._run("app", "test-connection", APP)
        self._run("app", "mappings", APP)

    def _first_person(self) -> None:
        self._say("4  Start with one person: assign, look at the plan, switch on")
        self._run("app", "assign", APP, "--user", FIRST, "--role", "organizer")
        self._run("plan", APP)
        self._expect("the plan wrote nothing to GoToMeeting", lambda: not self._journal(), 0)
        self._run("app", "on", APP)
        self._expect(f"the initial cycle created {FIRST}", lambda: self._active() == {FIRST}, 20)

    def _group(self) -> None:
        self._say(f"5  Then a group: the direct members of {GROUP} follow at once, nobody waits for a schedule")
        members = self._members()
        self._run("app", "assign", APP, "--group", GROUP, "--role", "organizer")
        self._expect(f"{len(members)} members have accounts", lambda: self._active() == members | {FIRST}, 30)
        self._expect("nobody was invited twice", lambda: len(self._invited()) == len(set(self._invited())), 0)

    def _leaver(self) -> None:
        leaver = min(self._members() - {FIRST})
        self._say("6  Somebody leaves: the account is disabled within seconds")
        self._run("directory", "disable", leaver)
        self._expect(f"{leaver} may no longer sign in to GoToMeeting", lambda: leaver not in self._active(), 20)
        self._expect("everybody else still may", lambda: self._active() == self._members() - {leaver} | {FIRST}, 0)
        self._expect("the service is done", self._idle, 20)
        self._run("explain", APP, leaver)

    def _look(self) -> None:
        self._say("7  Every action is on record")
        self._run("logs", APP, "--limit", "5")
        self._run("status")

    # ---- how a step is shown and checked --------------------------------------------------------------------------

    def _say(self, title: str) -> None:
        click.secho(f"\n{title}", bold=True)

    def _run(self, *words: str) -> None:
        """One command, shown with what it prints."""
        click.secho(f"  $ provisor {shlex.join(words)}", fg="cyan")
        code, said = self._command(words)
        for line in said.splitlines():
            click.echo(f"  {line}")
        if code != 0:
            raise Refused("DemoFailed", step=shlex.join(words), exit=code)

    def _command(self, words: Sequence[str]) -> tuple[int, str]:
        """What the command line does with these words: its exit code, and all that it prints."""
        from provisor.cli import main  # noqa: PLC0415  (it knows this module)

        said = io.StringIO()
        with redirect_stdout(said), redirect_stderr(said):
            code = main(words)
        return code, said.getvalue()

    def _json(self, *words: str) -> Any:
        return json.loads(self._command([*words, "--json"])[1])

    def _stay(self, *words: str) -> str:
        """A process that stays; gives its address."""
        click.secho(f"  $ provisor {shlex.join(words)} &", fg="cyan")
        log = self._processes.enter_context((self._home / f"{words[0]}.log").open("w"))
        command = [sys.executable, "-m", "provisor", *words]
        process = subprocess.Popen(  # noqa: S603
            command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
        )
        self._processes.callback(_end, process)
        assert process.stdout is not None, "it was asked for"
        said = process.stdout.readline().rstrip()
        if "http://" not in said:
            raise Refused("DemoFailed", step=shlex.join(words), exit=process.wait())
        click.echo(f"  {said}")
        return next(word for word in said.replace("/healthz", "").split() if word.startswith("http://")).rstrip(".")

    def _expect(self, what: str, true: Callable[[], bool], within: float) -> None:
        """Wait until it is so; raises where it is not in time (seconds)."""
        began = time.monotonic()
        while not true():
            if time.monotonic() - began > within:
                raise Refused("DemoFailed", step=what, exit="not in time")
            time.sleep(0.1)
        took = f" ({time.monotonic() - began:.1f} s later)" if within else ""
        click.secho(f"  ✓ {what}{took}", fg="green")

    # ---- what GoToMeeting and the directory hold --------------------------------------------------------------------

    def _state(self) -> Any:
        with urllib.request.urlopen(f"{self._emulator}/_emulator/state", timeout=10) as answer:  # noqa: S310
            return json.load(answer)

    def _active(self) -> set[str]:
        users = self._state()["users"]
        return {one["email"] for one in users if one["status"] != "SUSPENDED"} - {"admin@example.com"}

    def _journal(self) -> list[Any]:
        return list(self._state()["journal"])

    def _invited(self) -> list[str]:
        return [mail["to"] for mail in self._state()["mails"] if mail["kind"] == "invitation"]

    def _members(self) -> set[str]:
        """Whom the group may bring in: its members who are not blocked in the directory."""
        members = self._json("directory", "show", GROUP)["members"]
        return {one["userPrincipalName"] for one in members if one["enabled"]}

    def _idle(self) -> bool:
        (app,) = self._json("status")["apps"]
        return app["running"] is None


def _port() -> int:
    """The usual port where it is free, else any."""
    with socket.socket() as trial:
        try:
            trial.bind(("127.0.0.1", load_settings().port))
        except OSError:
            return 0
    return load_settings().port


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
