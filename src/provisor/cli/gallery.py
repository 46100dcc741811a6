"""`provisor gallery`: the apps that can be added."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from provisor.cli.export import Form, give_out, listed
from provisor.cli.show import quoted, say, table

if TYPE_CHECKING:
    from provisor.gallery.manifest import Manifest


@click.group()
def gallery() -> None:
    """The apps that can be added."""


@gallery.command()
@click.argument("words", nargs=-1)
@listed
def search(words: tuple[str, ...], form: Form) -> None:
    """List the gallery's apps, or those in which all the words occur."""
    from provisor.gallery import search as find

    found = find(" ".join(words))
    if form.kind != "text":
        give_out(form, found, _app_json, ("id", "name", "publisher", "description", "homePage", "categories"))
    elif found:
        table(("Name", "Publisher", "Description"), [(app.name, app.publisher, app.description) for app in found])
        say(f"Add one: provisor app add {quoted(found[0].name)}")
    else:
        say(f"No app in the gallery has “{' '.join(words)}” in it. All of them: provisor gallery search")


def _app_json(app: Manifest) -> Mapping[str, object]:
    return {
        "id": app.id,
        "name": app.name,
        "publisher": app.publisher,
        "description": app.description,
        "homePage": app.home_page,
        "categories": list(app.categories),
    }
