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
    "PUT only, found out late; nobody is null; members that nobody knows": (
        {"updates": "PUT", "config": "missing", "totals": "text", "nobody": "null", "extra_members": True},
        {},
    ),
    "PUT only, as it says; half a body in the answer": ({"updates": "PUT", "update_answer": "part"}, {}),
    "PATCH only, no body in any answer; filter ignored": (
        {"updates": "PATCH", "update_answer": "empty", "creates": "location", "filter": "ignored"},
        {},
    ),
    "by the profile: PUT, no filter, no count, Booleans as text": (
        {"filter": "refused", "booleans": "text", "count": "fails", "default_page": SMALL, "config": "broken"},
        {"updateMethod": "PUT", "filter": False, "count": False, "booleansAsStrings": True, "discovery": False},
    ),
    "count fails; nobody is a 404; bulk answered backwards, without limits": (
        {"count": "fails", "default_page": SMALL, "nobody": "404", "bulk_limits": False, "bulk_order": "reversed"},
        {},
    ),
    "filter refused, pages capped, no totals": (
        {"filter": "refused", "config": "broken", "max_results": 7, "totals": "missing"},
        {},
    ),
    "e-mail addresses without type": ({"email_types": False}, {"emailTypes": False}),
    "e-mail addresses without type, PUT; created without a word": (
        {"email_types": False, "updates": "PUT", "creates": "nothing"},
        {"emailTypes": False},
    ),
    "id from userName; PATCH with half a body": (
        {"id_from": "userName", "update_answer": "part"},
        {"idFrom": "userName"},
    ),
    "id from userName; created without a word": (
        {"id_from": "userName", "creates": "nothing", "updates": "PUT"},
        {"idFrom": "userName"},
    ),
}


class TestScimEmulator(TargetContract):
    @pytest.fixture(params=HABITS)
    async def bench(self, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
        habits, profile = HABITS[request.param]
        options = Options(**{"max_results": SMALL, **habits})
        async with ScimEmulator(options) as scim, opened(scim.url, profile) as target:
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
