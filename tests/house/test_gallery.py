"""Every app in the gallery is whole: its manifest is sound, and its connector is there."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec

import pytest

from provisor.app.connections import CONNECTORS
from provisor.connector import Connection
from provisor.connectors.scim.paths import path_of
from provisor.gallery import Manifest, gallery, load

MANIFESTS = sorted(
    (each for each in files("provisor.gallery").iterdir() if each.name.endswith(".toml")), key=lambda each: each.name
)


@pytest.mark.parametrize("path", MANIFESTS, ids=[each.name for each in MANIFESTS])
def test_a_manifest_loads_and_its_connector_is_there(path: Traversable) -> None:
    app = load(path)
    assert find_spec(f"provisor.connectors.{app.connector}"), f"no connector {app.connector}"


@pytest.mark.parametrize("app", gallery().values(), ids=list(gallery()))
def test_a_connector_takes_what_its_manifest_gives(app: Manifest) -> None:
    given = {field.key: field.default or "x" for field in app.credentials if not field.address}
    given |= {field.key: field.default or "https://app.example/scim/v2" for field in app.credentials if field.address}
    settings = {field.key: field.default for field in app.settings}
    CONNECTORS[app.connector](Connection(given, settings, app.app_roles, profile=app.profile))
    for mapping in app.schema.object_mappings:
        for attribute in mapping.attributes:
            assert app.connector != "scim" or path_of(attribute.name).text == attribute.name


def test_five_well_known_apps_are_one_file_each() -> None:
    named = [app for app in gallery().values() if app.connector == "scim" and app.id != "scim"]
    assert len(named) >= 5
    for app in named:
        assert [field.key for field in app.credentials] == ["BaseAddress", "SecretToken"]
        assert [role.value for role in app.app_roles if role.provisions] == ["user"]


def test_the_gallery_holds_every_manifest() -> None:
    assert list(gallery()) == [each.name.removesuffix(".toml") for each in MANIFESTS]
