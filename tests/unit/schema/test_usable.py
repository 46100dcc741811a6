"""What may be saved can be used: it compiles, and whatever an entry holds, a result or its own error comes of it."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.schema.any_schema import schemas

from provisor.domain.assignment import AppRole
from provisor.domain.change import Create, Skip, Unmatched
from provisor.domain.directory import HELD
from provisor.domain.error import EntryError
from provisor.domain.resource import Entry, Value
from provisor.domain.schema import SynchronizationSchema
from provisor.expression import Context, Control
from provisor.flow.in_scope import InScope
from provisor.flow.map import LeftOut, compile_mapping, map_entry, source_of
from provisor.flow.match import claims
from provisor.flow.plan import plan
from provisor.schema import warnings

SCOPE = InScope((AppRole("r1", "user", "User"),))
values: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=12), st.lists(st.text(max_size=5), max_size=3)
)
entries = st.dictionaries(st.sampled_from(sorted(HELD["User"])), values, max_size=12).map(
    lambda held: Entry("p1", "User", {"accountEnabled": True, **held})
)


@given(schemas(), entries)
def test_what_may_be_saved_gives_every_entry_a_result_or_its_own_error(
    schema: SynchronizationSchema, entry: Entry
) -> None:
    warnings(schema)
    (mapping,) = schema.object_mappings
    program = compile_mapping(mapping)
    context = Context(now=datetime(2026, 1, 5, 12, tzinfo=UTC), chance=random.Random(1).randrange)
    with suppress(EntryError):
        for one in program.unique:
            for proposed in one.propose(source_of(entry, SCOPE, program), context):
                assert isinstance(proposed, Control) or one.fit(proposed) is not None
    with suppress(EntryError):
        desired = map_entry(entry, SCOPE, program, context)
        if not isinstance(desired, LeftOut):
            assert None not in desired.whole.values()
            assert desired.whole.keys() <= {one.name for one in mapping.attributes if one.mutability != "ReadOnly"}
            assert all(claim.value for claim in claims(desired, program))
            assert isinstance(plan(entry, desired, Unmatched(), program).action, Create | Skip)
