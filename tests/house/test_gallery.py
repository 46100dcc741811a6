"""Every app in the gallery is whole: its manifest is sound, and its connector is there."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec

import pytest

from provisor.gallery import gallery, load

MANIFESTS = sorted(
    (each for each in files("provisor.gallery").iterdir() if each.name.endswith(".toml")), key=lambda each: each.name
)


@pytest.mark.parametrize("path", MANIFESTS, ids=[each.name for each in MANIFESTS])
def test_a_manifest_loads_and_its_connector_is_there(path: Traversable) -> None:
    app = load(path)
    assert find_spec(f"provisor.connectors.{app.connector}"), f"no connector {app.connector}"


def test_the_gallery_holds_every_manifest() -> None:
    assert list(gallery()) == [each.name.removesuffix(".toml") for each in MANIFESTS]
