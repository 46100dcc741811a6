"""The gallery: one TOML file per app, checked when it is read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

from pydantic import ValidationError

from provisor.domain.error import Refused
from provisor.gallery.check import problems
from provisor.gallery.manifest import CredentialField, Manifest, RateLimit, SettingField
from provisor.gallery.shape import explain, manifest

__all__ = [
    "CredentialField",
    "Manifest",
    "ManifestError",
    "RateLimit",
    "SettingField",
    "find",
    "gallery",
    "load",
    "search",
]


class ManifestError(Refused):
    """A manifest file cannot be used (ManifestInvalid): names the file and, in plain words, every problem in it."""

    def __init__(self, file: str, problem: str) -> None:
        super().__init__("ManifestInvalid", file=file, problem=problem)


@cache
def gallery() -> Mapping[str, Manifest]:
    """Every app that ships with us, by id."""
    found = sorted((each for each in files(__name__).iterdir() if each.name.endswith(".toml")), key=lambda f: f.name)
    return MappingProxyType({app.id: app for app in map(load, found)})


def load(path: Traversable) -> Manifest:
    """The manifest in a file that is named after the app's id; raises ManifestError."""
    try:
        app = manifest(tomllib.loads(path.read_text("utf-8")))
    except ValidationError as error:
        raise ManifestError(path.name, explain(error)) from None
    except OSError as error:
        raise ManifestError(path.name, f"cannot be read: {error.strerror}") from None
    except ValueError as error:  # not TOML, not UTF-8
        raise ManifestError(path.name, f"is not a TOML file: {error}") from None
    wrong = list(problems(app))
    if path.name != f"{app.id}.toml":
        wrong.append(f"id: the file must be called {app.id}.toml")
    if wrong:
        raise ManifestError(path.name, "; ".join(wrong))
    return app


def search(text: str) -> list[Manifest]:
    """The apps in whose name, publisher, keywords or categories every word occurs, those named so first."""
    words = text.casefold().split()

    def rank(app: Manifest) -> tuple[int, str]:
        name = app.name.casefold()
        return sum(word not in name for word in words), name

    return sorted((app for app in gallery().values() if all(word in _searched(app) for word in words)), key=rank)


def find(name_or_id: str) -> Manifest:
    """The app of that id or name, or the only one that a search finds; Refused (UnknownApp) names what may be meant."""
    names = {app.id: app for app in gallery().values()} | {app.name.casefold(): app for app in gallery().values()}
    wanted = name_or_id.strip().casefold()
    if wanted in names:
        return names[wanted]
    if wanted and len(only := search(wanted)) == 1:
        return only[0]
    meant = [names[name] for name in get_close_matches(wanted, names, n=5, cutoff=0.4)]
    meant += [app for app in search(wanted) if wanted and app not in meant]
    suggestions = ", ".join(dict.fromkeys(app.name for app in meant))
    raise Refused("UnknownApp", app=name_or_id[:100], **({"suggestions": suggestions} if suggestions else {}))


def _searched(app: Manifest) -> str:
    return "\n".join((app.name, app.publisher, *app.keywords, *app.categories)).casefold()
