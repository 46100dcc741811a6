"""`provisor directory default-domain`: what DefaultDomain() gives."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from provisor.cli.run import run
from provisor.cli.show import as_json, document, note, say

if TYPE_CHECKING:
    from provisor.app.default_domain import DefaultDomain


@click.command("default-domain")
@click.argument("domain", required=False)
@click.option("--clear", is_flag=True, help="Let there be none.")
@as_json
def default_domain(domain: str | None, clear: bool, as_json: bool) -> None:
    """Show or set the directory's default domain, which DefaultDomain() gives in the mappings of apps.

    When it changes, the next cycle of the apps that use it looks at everybody.
    """
    from provisor.app import default_domain as cases

    if clear and domain is not None:
        raise click.UsageError("A DOMAIN or --clear, not both.")
    if clear or domain is not None:
        found = run(lambda installation: cases.change(installation, domain))
    else:
        found = run(cases.show)
    if as_json:
        using = [{"id": one.id, "name": one.name} for one in found.apps]
        document({"defaultDomain": found.domain, "changed": found.changed, "apps": using})
    else:
        _say(found)


def _say(found: DefaultDomain) -> None:
    if found.domain is None:
        say("There is no default domain. Set one: provisor directory default-domain DOMAIN")
    else:
        say("The default domain is ", (found.domain, "bold"), ".")
    if not found.apps:
        return
    several = len(found.apps) > 1
    use = f"{len(found.apps)} apps use it" if several else "1 app uses it"
    names = ", ".join(one.name for one in found.apps)
    anew = f"; {'their' if several else 'its'} next cycle looks at everybody" if found.changed else ""
    say(f"{use} ({names}){anew}.")
    if found.domain is None:
        note(("Without one, whoever's value depends on it is in error there.", "yellow"))


COMMANDS = (default_domain,)
