"""Test Connection: sign-in, what the target says of itself, users, and whether its filter can be trusted."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from provisor.connector import CheckStep
from provisor.connectors.scim.discovery import read_names
from provisor.connectors.scim.paths import path_of
from provisor.connectors.scim.users import FilterRefused, Users
from provisor.domain.change import Reason
from provisor.domain.error import Incompatible, ProvisorError


class Check:
    """One run of the test; a step that fails ends it."""

    def __init__(self, users: Users, matching: Sequence[str]) -> None:
        self._users = users
        self._matching = matching[0] if matching else "userName"

    async def steps(self) -> AsyncIterator[CheckStep]:
        for name, step in (
            ("signIn", self._signs_in),
            ("users", self._reads_users),
            ("serviceProviderConfig", self._reads_offer),
            ("resourceTypes", self._reads_resource_types),
            ("schemas", self._reads_schemas),
            ("filter", self._probes_filter),
        ):
            try:
                done = await step()
            except ProvisorError as error:
                yield CheckStep(name, "failure", error.reason)
                return
            yield replace(done, name=name)

    async def _signs_in(self) -> CheckStep:
        assert self._users.transport.signer is not None
        await self._users.transport.signer.token(None)
        return _passed("TokenReady")

    async def _reads_offer(self) -> CheckStep:
        offer = await self._users.offer()
        if not offer.found:
            return _warned(Reason("ServiceProviderConfigMissing"))
        limits = f"{offer.bulk_operations} a request" if offer.bulk and offer.bulk_operations else ""
        return _passed("ServiceProviderConfigRead", offers=", ".join(offer.named) or "nothing", bulk=limits)

    async def _reads_resource_types(self) -> CheckStep:
        names = await read_names(self._users.transport, f"{self._users.root}/ResourceTypes")
        return (
            _passed("ResourceTypesRead", names=", ".join(names)) if names else _warned(Reason("ResourceTypesMissing"))
        )

    async def _reads_schemas(self) -> CheckStep:
        names = await read_names(self._users.transport, f"{self._users.root}/Schemas")
        if not names:
            return _warned(Reason("SchemasMissing"))
        return _passed("SchemasRead", names=", ".join(names))

    async def _reads_users(self) -> CheckStep:
        size = 1 if self._users.counts else None
        page = await self._users.page(size, size)
        if page.resources and self._users.id_of(page.resources[0]) is None:
            raise Incompatible(problem="NoId", address=self._users.address)
        return _passed("UsersReadable", total="" if page.total is None else str(page.total))

    async def _probes_filter(self) -> CheckStep:
        """Nobody is called by a random name: who finds somebody does not filter."""
        if not self._users.profile.filter:
            return _passed("FilterNotUsed")
        name = path_of(self._matching).text
        try:
            size = 1 if self._users.counts else None
            page = await self._users.page(size, size, f'{name} eq "{uuid.uuid4()}"')
        except FilterRefused as error:
            return _warned(
                Reason("FilterNotTaken", {"attribute": name, "said": error.reason.parameters.get("said", "")})
            )
        if page.resources:
            return _warned(Reason("FilterIgnored", {"attribute": name}))
        return _passed("FilterHonest", attribute=name)


def _passed(code: str, **parameters: str) -> CheckStep:
    return CheckStep("", "success", Reason(code, parameters))


def _warned(reason: Reason) -> CheckStep:
    return CheckStep("", "warning", reason)
