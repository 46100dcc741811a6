from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from tests.contract.emulator.raw import Raw, Start, signed_in

from provisor.testing.gotomeeting import Options


@pytest.fixture
async def raw() -> AsyncIterator[Raw]:
    async with signed_in() as made:
        yield made


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    async with AsyncExitStack() as stack:

        async def started(options: Options) -> Raw:
            return await stack.enter_async_context(signed_in(options))

        yield started
