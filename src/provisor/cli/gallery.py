"""`provisor gallery`: the apps that can be added."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

import click

from provisor.cli.show import as_json, document, quoted, say, table


@click.group()
def gallery() -> None:
    """The apps that can be added."""


@gallery.command()
@click.argument("words", nargs=-1)
@as_json
def search(words: tuple[str, ...], as_json: bool) -> None:
    """List the gallery's apps, or those in which all the words occur."""
    from provisor.gallery import search as find

    found = find(" ".join(words))
    if as_json:
        apps = [
            {
                "id": app.id,
                "name": app.name,
                "publisher": app.publisher,
                "description": app.description,
                "homePage": app.home_page,
                "categories": list(app.categories),
            }
            for app in found
        ]
        document({"value": apps})
    elif found:
        table(("Name", "Publisher", "Description"), [(app.name, app.publisher, app.description) for app in found])
        say(f"Add one: provisor app add {quoted(found[0].name)}")
    else:
        say(f"No app in the gallery has “{' '.join(words)}” in it. All of them: provisor gallery search")
