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
    by: Sequence[Claim] = (),
) -> Situation:
    """What the look-up says of this entry. `holders` tells which entry each found account is linked to.

    `by`: the values that it was looked for by, in order.
    """
    if link is not None:
        return Linked(link)
    if not found:
        return Unmatched()
    if len(found) > 1:
        listed = ", ".join(sorted(account.id for account in found))
        return Disputed(Reason("DuplicateTargetEntries", {"accounts": listed, **_found_by(found, by)}))
    account = found[0]
    if account.id == own_account:
        return Disputed(Reason("OwnAccount", {"account": account.id}))
    holder = holders.get(account.id)
    if holder is not None and holder.entry_id != entry.id:
        return Disputed(Reason("EntryConflict", {"account": account.id, "entry": holder.name}))
    return Matched(account, _found_by(found, by))


def meant(found: Sequence[Account], by: Sequence[Claim], program: MappingProgram) -> Sequence[Account]:
    """Those of the accounts that have one of the values as its attribute compares: where case counts, in that case."""
    if not program.exact:
        return found
    return [one for one in found if any(_has(one, claim, program) for claim in by)]


def _has(account: Account, claim: Claim, program: MappingProgram) -> bool:
    held = account.attributes.get(claim.attribute)
    if held is None:  # the target does not show it, and whoever asked for it has compared it
        return claim.attribute not in program.exact
    return (
        str(held) == claim.value if claim.attribute in program.exact else str(held).casefold() == claim.value.casefold()
    )


def _found_by(found: Sequence[Account], by: Sequence[Claim]) -> Mapping[str, str]:
    """The first value that the accounts have, as a parameter."""
    for claim in by:
        if all(str(one.attributes.get(claim.attribute, "")).casefold() == claim.value.casefold() for one in found):
            return {"claim": str(claim)}
    return {}


def claims(desired: Desired, program: MappingProgram) -> tuple[Claim, ...]:
    """The matching values of an entry, by precedence; those without a value are left out."""
    always, on_creation = desired.always, desired.on_creation
    values = ((name, always[name] if name in always else on_creation.get(name)) for name in program.matching)
    return tuple(Claim(name, str(value)) for name, value in values if value not in (None, "", []))
