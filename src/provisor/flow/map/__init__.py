"""3 process: what the target should hold."""

from provisor.flow.map.fit import comparing, fitting
from provisor.flow.map.program import (
    Desired,
    LeftOut,
    MappingProgram,
    Unique,
    compile_mapping,
    map_each,
    map_entry,
    named,
    source_of,
)

__all__ = [
    "Desired",
    "LeftOut",
    "MappingProgram",
    "Unique",
    "comparing",
    "compile_mapping",
    "fitting",
    "map_each",
    "map_entry",
    "named",
    "source_of",
]
