"""3 process: what the target should hold."""

from provisor.flow.map.fit import comparing, fitting
from provisor.flow.map.program import (
    OBJECT_FILTER,
    Desired,
    LeftOut,
    MappingProgram,
    Unique,
    clears,
    compile_mapping,
    flows_later,
    map_each,
    map_entry,
    named,
    readable_of,
    role_objects,
    source_of,
)

__all__ = [
    "OBJECT_FILTER",
    "Desired",
    "LeftOut",
    "MappingProgram",
    "Unique",
    "clears",
    "comparing",
    "compile_mapping",
    "fitting",
    "flows_later",
    "map_each",
    "map_entry",
    "named",
    "readable_of",
    "role_objects",
    "source_of",
]
