"""Scoping filters: what is wrong with one, and who is kept out by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from provisor.text.row import Row

_OPERATORS = "docs/how-to/scoping-filters.md lists the operators, and what each takes."

FILTERS: Final[Mapping[str, Row]] = {
    # ---- when it is saved ----------------------------------------------------------------------------------------
    "FilterAttributeUnknown": Row(
        "The directory has no attribute {attribute}[; perhaps {suggestion} is meant].",
        "Mind capital letters; an attribute of your own is added to the schema first.",
    ),
    "FilterAttributeUnusable": Row(
        "{attribute} cannot be filtered on: it is a date, a reference to others, or follows from the scope itself.",
        "For groups there is memberOf; for the app's roles, the assignments.",
    ),
    "FilterOperatorUnfit": Row(
        "{operator} cannot be asked of {attribute}, which is of the type: {type}; what can be is {fitting}.",
        _OPERATORS,
    ),
    "FilterValueMissing": Row("{operator} needs a value.", "To ask for an empty attribute, use IS NULL."),
    "FilterValueSuperfluous": Row("{operator} takes no value.", "Leave the value out."),
    "FilterValueNotInteger": Row("{operator} needs a whole number here, and {value} is none.", _OPERATORS),
    "FilterPatternUnreadable": Row("{pattern} is no regular expression: {because}.", _OPERATORS),
    "FilterGroupEmpty": Row(
        "The group[ {group}] of the filter has no clause, so that everybody would meet it.",
        "Give it a clause, or take the group away.",
    ),
    "FilterPatternUnanchored": Row(
        "{pattern} has to match the whole value; elsewhere it might do to match a part of it.",
        "If a part is meant, write .* before and after it; if the whole is, write ^( before and )$ after it, and "
        "this note goes.",
    ),
    # ---- when it is used -----------------------------------------------------------------------------------------
    "NotInProvisioningScope": Row(
        "Does not meet the scoping filter[: {failed}].",
        "If that is wrong, change the filter, or the value in the directory.",
    ),
    "LeftAlone": Row(
        "In scope no longer, and the account is left as it is[; in scope no longer because: {why}].",
        "To have such accounts disabled: `provisor app settings APP skipOutOfScopeDeletions=false`.",
    ),
    "EverybodyInScope": Row("In scope, as everybody is who is enabled."),
    "FilterUndecided": Row(
        "It cannot be told whether the scoping filter is met[: {clause}][: {problem}]; the account stays as it is.",
        "Mend the value in the directory, or the clause.",
    ),
    "FilterUnusable": Row(
        "The scoping filter cannot be used[: {clause}][: {problem}].", "Save a filter without this fault."
    ),
    "NoRoleHeld": Row(
        "In scope without a role, and the app gives accounts by role ({attribute}).",
        "Assign one: `provisor app assign APP --user USER --role ROLE`.",
    ),
}

FILTER_PROBLEMS: Final[Mapping[str, str]] = {
    "FilterGroupEmpty": "it has no clause",
    "FilterOperatorUnfit": "the operator does not fit the attribute",
    "FilterPatternTimedOut": "the regular expression takes too long for this value",
    "FilterPatternUnreadable": "the value is no regular expression",
    "FilterValueMissing": "a value is missing",
    "NeitherTrueNorFalse": "the attribute is neither true nor false",
    "NotAWholeNumber": "there is no whole number to compare",
    "SeveralValues": "the attribute has several values, and the operator takes one",
    "TrueOrFalse": "the attribute is true or false, and the operator takes a text",
}
