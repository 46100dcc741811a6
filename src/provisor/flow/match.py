"""4 match: which account is this already?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisor.domain.change import Disputed, Linked, Matched, Reason, Situation, Unmatched
from provisor.domain.resource import Account, Entry, Link
from provisor.flow.map import Desired, MappingProgram
from provisor.ledger import Claim, Holder


def match(
    entry: Entry,
    link: Link | None,
    found: Sequence[Account],
    holders: Mapping[str, Holder],
    own_account: str | None = None,
) -> Situation:
    """What the look-up says of this entry. `holders` tells which entry each found account is linked to."""
    if link is not None:
        return Linked(link)
    if not found:
        return Unmatched()
    if len(found) > 1:
        listed = ", ".join(sorted(account.id for account in found))
        return Disputed(Reason("DuplicateTargetEntries", {"accounts": listed}))
    account = found[0]
    if account.id == own_account:
        return Disputed(Reason("OwnAccount", {"account": account.id}))
    holder = holders.get(account.id)
    if holder is not None and holder.entry_id != entry.id:
        return Disputed(Reason("EntryConflict", {"account": account.id, "entry": holder.name}))
    return Matched(account)


def claims(desired: Desired, program: MappingProgram) -> tuple[Claim, ...]:
    """The matching values of an entry, by precedence; those without a value are left out."""
    always, on_creation = desired.always, desired.on_creation
    values = ((name, always[name] if name in always else on_creation.get(name)) for name in program.matching)
    return tuple(Claim(name, str(value)) for name, value in values if value not in (None, "", []))
