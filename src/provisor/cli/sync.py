"""`provisor sync` and `provisor app restart`: one cycle now."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

import click

from provisor.cli.cycle import follow
from provisor.cli.show import as_json, quoted, say

if TYPE_CHECKING:
    from provisor.app.installation import Installation
    from provisor.store.jobs import CycleRow


@click.command()
@click.argument("app_", metavar="APP")
@click.option("--allow", type=click.IntRange(0), metavar="N", help="Agree to exactly this many disables and deletes.")
@as_json
@click.pass_context
def sync(context: click.Context, app_: str, allow: int | None, as_json: bool) -> None:
    """Run one cycle of an app now: by the service where one runs, else by this command.

    Ctrl-C ends it in order, and the next run goes on from there. Exit code 3: the target failed. Exit code 5: done,
    but entries are in error or held back.
    """
    from provisor.app import provisioning

    def rows(installation: Installation) -> AsyncGenerator[CycleRow]:
        return provisioning.sync(installation, app_, allow)

    context.exit(follow(rows, f"provisor sync {quoted(app_)}", as_json=as_json))


@click.command()
@click.argument("app_", metavar="APP")
@click.option(
    "--scope", "scopes", multiple=True, help="What to forget; by default Watermark, Escrows, QuarantineState."
)
@as_json
@click.pass_context
def restart(context: click.Context, app_: str, scopes: Sequence[str], as_json: bool) -> None:
    """Forget how far the job is, so that the next cycle looks at everybody; where provisioning is on, it runs now.

    Scopes are Graph's: Full, Watermark, Escrows, QuarantineState, ConnectorDataStore (what was sent: every account is
    read and compared anew). Whose account is whose is never forgotten.
    """
    from provisor.app import provisioning

    ran = False

    async def rows(installation: Installation) -> AsyncGenerator[CycleRow]:
        nonlocal ran
        async with aclosing(provisioning.restart(installation, app_, scopes)) as ran_rows:
            async for row in ran_rows:
                ran = True
                yield row

    code = follow(rows, f"provisor sync {quoted(app_)}", as_json=as_json)
    if not ran and not as_json:
        say("Restarted. Provisioning is off; the next cycle looks at everybody.")
    context.exit(code)


COMMANDS = (restart,)
