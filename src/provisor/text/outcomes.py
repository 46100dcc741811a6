"""Why a line is in a plan, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from provisor.text.row import Row

_AGAIN = (
    "Is it up, and does a proxy or firewall let this machine through? While provisioning is on, it is tried again by "
    "itself; `provisor sync APP` tries now."
)
_SOURCE = "Mend the value in the directory and import it, or change the mapping."

OUTCOMES: Final[Mapping[str, Row]] = {
    # ---- why -----------------------------------------------------------------------------------------------------
    "Assigned": Row("In scope of the app, and without an account there."),
    "AccountFound": Row("Account {account} is there already[, with {claim}]."),
    "AttributesChanged": Row("Values changed since they were last sent."),
    "AccountVanished": Row("Account {account} is no longer in the target, and another one takes its place."),
    "BackInScope": Row("In scope and enabled again: the account is switched on."),
    "RedundantExport": Row("The account is as it should be."),
    "NotAssigned": Row("Not assigned to the app.", "If that is wrong: `provisor app assign APP --user USER`."),
    "NotEffectivelyEntitled": Row(
        "Assigned with a role that gives no account[: {role}].",
        "Assign another role: `provisor app assign APP --user USER --role ROLE`.",
    ),
    "AccountDisabled": Row("Disabled in the directory.", "`provisor directory restore` enables who was disabled here."),
    "SoftDeleted": Row("Deleted in the directory.", "`provisor directory restore` brings the entry back."),
    "DeletedForGood": Row("Deleted from the directory for good."),
    "ImportSkipped": Row("There is no value to find the account by[: {source} is empty].", _SOURCE),
    "LeftOutByMapping": Row("The mapping of {attribute} leaves this entry out.", "If that is wrong: change it."),
    "NoUniqueValue": Row(
        "Every value that the mapping of {attribute} proposes is taken in the target.",
        "Let SelectUniqueValue propose one more, or free one; it is tried again later.",
    ),
    "CreateTurnedOff": Row("Has no account, and the mapping does not create any."),
    "UpdateTurnedOff": Row("The account would change, and the mapping does not update any."),
    "OwnAccount": Row("Account {account} is the one that Provisor signs in with, and is never touched."),
    "HeldBack": Row(
        "Held back until a person agrees[; the reason for the change is: {why}].",
        "`provisor plan APP --save` shows what is held and why, and `provisor plan apply ID` carries it out.",
    ),
    # ---- steps of a log row --------------------------------------------------------------------------------------
    "Imported": Row("Read from the directory."),
    "InScope": Row("In scope: assigned to the app, and enabled."),
    "NoAccountFound": Row("No account[ with {claim}] was found."),
    "AccountLinked": Row("Account {account} is linked to this entry."),
    "Exported": Row("The target did it[: account {account}]."),
    "AccountPassedOn": Row("The account is {entry}'s from now on."),
    "NotLookedUp": Row("No account was looked for."),
    # ---- this entry: the others go on ----------------------------------------------------------------------------
    "EntryConflict": Row(
        "The account or one of its values is somebody else's[: {problem}][ (account {account})][; it is linked to "
        "{entry}][; it has {holds}][; the target said: {said}].",
        "Give one of the two another value, or resolve it in the target; it is tried again when the value is free.",
    ),
    "EntryExists": Row(
        "The target has such an account already: {account}[, of the same {attribute}].",
        "Nothing: the next cycle takes it over.",
    ),
    "DuplicateTargetEntries": Row(
        "Several accounts match[: {accounts}][, by {claim}].",
        "Remove or rename all but one in the target; it is tried again later.",
    ),
    "DuplicateSourceEntries": Row(
        "Several entries share the value {value}[: {entries}]; none of them is provisioned.",
        "Give each its own value in the directory, or unassign all but one.",
    ),
    "InvalidAnchor": Row("The target has account[ {account}] no more.", "Nothing: the next cycle looks for it anew."),
    "UnprocessableEntity": Row(
        "The target did not accept this[: {problem}][ ({attribute}: {missing})][; it said: {said}]"
        "[ (HTTP {status} at {address})].",
        "Mend what it names in the directory or the mapping; after the next change it is sent again.",
    ),
    "MissingValues": Row("A required value is missing[: {attribute}][, which comes from {source}].", _SOURCE),
    "ValueTooLong": Row("{attribute} has {length} characters, and the target takes {limit}.", _SOURCE),
    "InvalidValue": Row(
        "A value cannot be used[ for {attribute}][ by {function}][: {problem}][ ({value})]"
        "[, expected is {expected}][, found {found}].",
        _SOURCE,
    ),
    "LicenseLimitExceeded": Row(
        "No seat is free[ for {product}][; the target said: {said}].",
        "Buy or free seats; the next cycle gives them to those who wait.",
    ),
    "StillActive": Row(
        "Account {account} was disabled and still is active[; licences: {licenses}][; admin roles: {adminRoles}]"
        "[; role sets: {roleSets}].",
        "Take away what it still holds in the target; the next cycle checks again.",
    ),
    "NotPermitted": Row(
        "The target does not allow this[: {problem}][ ({attribute})][ (account {account})][; it said: {said}]"
        "[ (HTTP {status} at {address})].",
        "Change it in the target by hand, or take it out of the mapping. Where everybody's line says so, give the "
        "signing-in admin the right to change users.",
    ),
    # ---- wait, then again ----------------------------------------------------------------------------------------
    "TooManyRequests": Row(
        "The target asked us to slow down[ (HTTP {status} at {address})][, and to ask nothing before {until}].",
        "Nothing, if it is rare; else lower the rate: `provisor app settings APP rateLimit=4`.",
    ),
    "Unavailable": Row("The target did not answer[: {problem}][ (HTTP {status})][ at {address}].", _AGAIN),
    # ---- the job: a person must act ------------------------------------------------------------------------------
    "Unauthorized": Row(
        "The target does not accept the credentials[: {problem}][ (at {address})][; it said: {said}].",
        "Give them anew with `provisor app credentials APP`, then `provisor app test-connection APP`.",
    ),
    "InsufficientRights": Row(
        "Signed in, but without the right to do this[ (HTTP {status} at {address})][; the target said: {said}].",
        "Give the signing-in admin the rights that `provisor app test-connection APP` names.",
    ),
    "SignInMethodRefused": Row(
        "The target does not let this OAuth client sign in by {method}[ ({refusals})].",
        "Let the client use it, or choose another way (SignInMethod); see docs/how-to/connect-gotomeeting.md.",
    ),
    "ServiceIncompatible": Row(
        "What answered does not speak this target's language[: {problem}][ (HTTP {status})][ at {address}]"
        "[; it said: {said}].",
        "Check the address in `provisor app show APP`, and any proxy between.",
    ),
    "Misconfigured": Row(
        "The connection is not set up right[: {problem}][ (at {address})][; the target said: {said}].",
        "Set it with `provisor app credentials APP`, then `provisor app test-connection APP`.",
    ),
}
