"""The SCIM connector keeps the contract: with scim2-server, and with an app that has each bad habit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from tests.contract.scim2_server import TOKEN, proxied
from tests.contract.scim_bench import Scim2ServerBench, ScimBench, complaints, oauth, opened

from provisor.domain.resource import Value
from provisor.testing.contract import Bench, TargetContract
from provisor.testing.scim import Options, ScimEmulator

SMALL = 20  # users a page: two pages are reached with few

HABITS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Value]]] = {
    "none": ({}, {}),
    "PUT only, found out": ({"updates": "PUT"}, {}),
    "PUT only, found out late": ({"updates": "PUT", "config": "missing"}, {}),
    "PUT only, as the profile says": ({"updates": "PUT", "update_answer": "empty"}, {"updateMethod": "PUT"}),
    "PATCH without a body in the answer": ({"updates": "PATCH", "update_answer": "empty"}, {}),
    "PATCH with half a body in the answer": ({"update_answer": "part"}, {}),
    "filter ignored": ({"filter": "ignored"}, {}),
    "filter refused": ({"filter": "refused", "config": "missing"}, {}),
    "no filter, as the profile says": ({"filter": "refused"}, {"filter": False}),
    "nobody is a 404": ({"nobody": "404"}, {}),
    "nobody is null": ({"nobody": "null", "extra_members": True}, {}),
    "no count": ({"count": "fails", "default_page": SMALL}, {"count": False}),
    "no count, found out": ({"count": "fails", "default_page": SMALL}, {}),
    "totals as text": ({"totals": "text", "extra_members": True}, {}),
    "no totals": ({"totals": "missing"}, {}),
    "pages capped": ({"max_results": 7, "config": "missing"}, {}),
    "Booleans as text": ({"booleans": "text"}, {"booleansAsStrings": True}),
    "e-mail addresses without type": ({"email_types": False}, {"emailTypes": False}),
    "e-mail addresses without type, PUT": ({"email_types": False, "updates": "PUT"}, {"emailTypes": False}),
    "created without a body": ({"creates": "location"}, {}),
    "created without a word": ({"creates": "nothing"}, {}),
    "id from userName": ({"id_from": "userName"}, {"idFrom": "userName"}),
    "id from userName, without a word": ({"id_from": "userName", "creates": "nothing"}, {"idFrom": "userName"}),
    "no bulk limits": ({"bulk_limits": False, "bulk_order": "reversed"}, {}),
    "says nothing of itself": ({"config": "missing"}, {}),
    "says nonsense of itself": ({"config": "broken"}, {}),
    "not asked what it can": ({"config": "broken"}, {"discovery": False}),
}


class TestScimEmulator(TargetContract):
    @pytest.fixture(params=HABITS)
    async def bench(self, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
        habits, profile = HABITS[request.param]
        async with (
            ScimEmulator(Options(**{"max_results": SMALL, **habits})) as scim,
            opened(scim.url, profile) as target,
        ):
            scim.remember = True
            yield ScimBench(scim, target)
            assert complaints(scim.bodies) == []


class TestScimWithOAuth(TargetContract):
    @pytest.fixture
    async def bench(self) -> AsyncIterator[Bench]:
        async with (
            ScimEmulator(Options(max_results=SMALL)) as scim,
            opened(scim.url, credentials=oauth(scim)) as target,
        ):
            yield ScimBench(scim, target)


class TestScim2Server(TargetContract):
    @pytest.fixture
    async def bench(self) -> AsyncIterator[Bench]:
        async with proxied() as proxy, opened(proxy.url, token=TOKEN) as target:
            yield Scim2ServerBench(proxy, target)
            assert complaints(proxy.bodies) == []
