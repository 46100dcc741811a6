"""What is wrong in a schema, and where: a path through Microsoft Graph's JSON of it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from provisor.domain.change import Reason
from provisor.domain.error import Refused
from provisor.domain.schema import SynchronizationSchema


class Fault(Struct, frozen=True):
    """One fault, such as `synchronizationRules[0].objectMappings[0].attributeMappings[3].source.expression`."""

    path: str
    reason: Reason


class SchemaRefused(Refused):
    """A schema has faults (SchemaInvalid): here are all of them, and nothing was saved."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0]
        told = {**first.reason.parameters, "count": len(faults), "path": first.path, "why": first.reason.code}
        super().__init__("SchemaInvalid", **told)
        self.faults = tuple(faults)


class Places(Struct, frozen=True):
    """Where an object mapping and its two lists of attributes stand in the JSON."""

    mapping: str
    source: str
    target: str


def places_of(schema: SynchronizationSchema) -> Sequence[Places]:
    """Where they stand in what we export."""
    return [
        Places(
            f"synchronizationRules[{number}].objectMappings[0]",
            f"directories[0].objects[{number}].attributes",
            f"directories[1].objects[{number}].attributes",
        )
        for number in range(len(schema.object_mappings))
    ]
