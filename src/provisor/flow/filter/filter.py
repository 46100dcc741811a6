"""A whole filter: clauses that must all hold, and groups of which one must."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from provisor.domain.error import FilterUndecided, FilterUnusable
from provisor.domain.resource import Entry, Membership
from provisor.domain.schema import FilterGroup
from provisor.flow.filter.clause import MEMBER_OF, Test, compile_clause, label

MOST_NAMED = 3  # clauses in one reason


class Verdict(Struct, frozen=True):
    """`clauses`: each clause as the log names it; None where it could not be told. `undecided`: nor could the whole."""

    met: bool
    clauses: Mapping[str, bool | None]
    failed: Sequence[str] = ()  # the first clause of each group that does not hold
    undecided: FilterUndecided | None = None

    @property
    def why(self) -> str:
        """The clauses that keep somebody out, in words."""
        more = ["…"] if len(self.failed) > MOST_NAMED else []
        return "; ".join([*self.failed[:MOST_NAMED], *more])


class Filter(Struct, frozen=True):
    """Compiled once a cycle: of each group, the clauses by name."""

    groups: tuple[tuple[tuple[str, Test], ...], ...]

    def judge(self, entry: Entry, memberships: Sequence[Membership]) -> Verdict:
        """Each clause is asked once; what one cannot tell is left open only where the others do not settle it."""
        results: dict[str, bool | None] = {}
        failed: list[str] = []
        met, undecided = False, None
        for group in self.groups:
            missing, doubt = None, None
            for name, test in group:
                try:
                    holds: bool | None = test(entry, memberships)
                except FilterUndecided as error:
                    holds, doubt = None, doubt or error
                results[name] = holds
                if holds is False and missing is None:
                    missing = name
            if missing is not None:
                failed.append(missing)
            elif doubt is not None:
                undecided = undecided or doubt
            else:
                met = True
        return Verdict(met, results, failed, None if met else undecided)


def compile_filter(groups: Sequence[FilterGroup]) -> Filter | None:
    """None where there is no group: everybody meets that. Raises FilterUnusable."""
    if not groups:
        return None
    compiled = []
    for group in groups:
        if not group.clauses:
            raise FilterUnusable(clause=group.name, problem="FilterGroupEmpty")
        named = [(label(group.name, clause), clause) for clause in group.clauses]
        compiled.append(tuple((name, compile_clause(clause, name)) for name, clause in named))
    return Filter(tuple(compiled))


def uses_groups(groups: Sequence[FilterGroup]) -> bool:
    """Does a filter ask for the groups that an entry is in?"""
    return any(clause.attribute == MEMBER_OF for group in groups for clause in group.clauses)
