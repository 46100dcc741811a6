"""A refresh token that the target changes with each use is put away where it belongs, and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.world import APP, CLIENT_SECRET, World, world

from provisor.app import apps, connections
from provisor.connector import Target
from provisor.domain.error import Misconfigured

ADMIN = "admin@example.com"
OTHER = "http://127.0.0.1:9/other"


@pytest.fixture
async def signed_in(tmp_path: Path) -> AsyncIterator[World]:
    """GoToMeeting, connected by a refresh token."""
    async with world(tmp_path / "home", rotate_refresh_tokens=True) as one:
        await one.connect()
        await set_credentials(one, SignInMethod="refreshToken")
        await set_credentials(one, RefreshToken=one.emulator.refresh_token(ADMIN), Oauth2ClientSecret=CLIENT_SECRET)
        yield one


async def set_credentials(one: World, **given: str) -> None:
    await apps.set_credentials(one.installation, APP, given)


async def opened(one: World) -> Target:
    return await connections.open_target(one.installation, (await apps.show(one.installation, APP)).job)


async def use(target: Target) -> None:
    try:
        await target.own_account()
    finally:
        await target.close()


async def test_the_next_connection_goes_on_with_the_token_that_was_put_away(signed_in: World) -> None:
    for _ in range(3):
        await use(await opened(signed_in))


@pytest.mark.parametrize("moves", [[OTHER], [OTHER, "back"]])
async def test_a_token_for_an_address_that_was_left_is_not_put_away(signed_in: World, moves: list[str]) -> None:
    target = await opened(signed_in)
    for address in moves:
        await set_credentials(signed_in, BaseAddress=signed_in.emulator.url if address == "back" else address)
    with pytest.raises(Misconfigured):
        await use(target)
    assert (await apps.show(signed_in.installation, APP)).secrets == frozenset()


async def test_a_token_that_was_just_set_is_not_overwritten(signed_in: World) -> None:
    target = await opened(signed_in)
    await set_credentials(signed_in, RefreshToken=signed_in.emulator.refresh_token(ADMIN))
    with pytest.raises(Misconfigured) as refusal:
        await use(target)
    assert refusal.value.reason.parameters == {"problem": "CredentialsChanged"}
    await use(await opened(signed_in))


async def test_an_app_that_was_removed_gets_no_secret(signed_in: World) -> None:
    target = await opened(signed_in)
    await apps.remove(signed_in.installation, APP)
    with pytest.raises(Misconfigured):
        await use(target)
