"""What is wrong in a schema of mappings, or in the JSON document that holds one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from provisor.text.row import Row

_ATTRIBUTES = "`provisor app mappings show APP` lists the attributes."
_DOCUMENT = "See docs/reference/schema.md for what belongs there."
_ALL = "It must be right as a whole: nothing was saved."

SCHEMAS: Final[Mapping[str, Row]] = {
    "SchemaInvalid": Row("The mappings cannot be used: faults: {count}[, the first at {path}: {why}].", _ALL),
    "SchemaMoved": Row(
        "Somebody has saved other mappings of {app} meanwhile[: version {version}, by {by}].",
        "Look at them (`provisor app mappings show APP`), and do it again.",
    ),
    "SchemaUnchanged": Row("The mappings of {app} are like this already."),
    "SchemaTooLarge": Row("The document is larger than {limit}.", "Is it the export of a schema?"),
    "SchemaUnreadable": Row("This is no JSON document[: {problem}].", _DOCUMENT),
    "UnknownVersion": Row(
        "The mappings of {app} have no version {version}.", "`provisor app mappings versions APP` lists them."
    ),
    "UnknownMapping": Row("Nothing is mapped to {target}[; perhaps {suggestion} is meant].", _ATTRIBUTES),
    "UnknownObjectMapping": Row("{app} has no mapping of objects of type {type}.", _ATTRIBUTES),
    "UnknownTargetAttribute": Row(
        "The target has no attribute {attribute} here[; perhaps {suggestion} is meant].", _ATTRIBUTES
    ),
    "UnknownSourceAttribute": Row(
        "Nobody has added an attribute {attribute} to the directory here[; perhaps {suggestion} is meant].", _ATTRIBUTES
    ),
    "UnknownFilterGroup": Row(
        "The scoping filter has no group {group}[; perhaps {suggestion} is meant].",
        "`provisor app mappings show APP` lists its groups and clauses.",
    ),
    "UnknownClause": Row(
        "The group {group} has no clause {number}[; it has {count}].",
        "`provisor app mappings show APP` numbers them.",
    ),
    "NothingToDiscover": Row("{app} cannot be asked which attributes it has.", "A SCIM app can, by /Schemas."),
    "NothingDiscovered": Row(
        "{app} does not say which attributes its users have (/Schemas).",
        "Take them from the app's documentation: `provisor app mappings attribute add APP NAME`.",
    ),
    "AttributeNotOffered": Row("The target does not name an attribute {attribute}[; perhaps {suggestion} is meant]."),
    # ---- faults of a schema ----------------------------------------------------------------------------------------
    "NoUserMapping": Row(
        "No mapping of users is switched on.", "The mapping of users must be there, and cannot be switched off."
    ),
    "ObjectMappingTwice": Row(
        'The mapping "{mapping}" is a second one for objects of type {type}.', "Join them: there is one for each type."
    ),
    "TooMany": Row("These are {count}, and may be {limit} at the most.", "Take out what nobody needs."),
    "ObjectTypesDiffer": Row("A {source} cannot become a {target}.", "Map users to users, and groups to groups."),
    "NameInvalid": Row("This is no name[: “{name}”].", "Write 1 to 400 visible characters, none of them around it."),
    "NameNotScim": Row(
        "No attribute of a SCIM user can be called “{name}”.",
        'Write it like name.givenName, emails[type eq "work"].value, or urn:…:User:costCenter.',
    ),
    "NameNotInTarget": Row(
        "{app} has no attribute “{name}”[; perhaps {suggestion} is meant][; it has {known}].",
        "Take it out, or map to one that is there.",
    ),
    "LengthInvalid": Row(
        "{attribute} cannot be of {length} characters at the most.", "Give a length of 1 to 999999999, or none."
    ),
    "AttributeTwice": Row("There are two attributes {attribute}.", "Take one of them out."),
    "AttributeHeldAnyway": Row("Every directory has {attribute}.", "Take it out: it need not be added."),
    "AttributeMapped": Row(
        "{attribute} is still mapped.", "Remove its mapping first: `provisor app mappings remove APP TARGET`."
    ),
    "MappingToUnknownAttribute": Row(
        "The target has no attribute {target}[; perhaps {suggestion} is meant].",
        "Add it with `provisor app mappings attribute add APP NAME`, or map to another.",
    ),
    "MappingToReadOnly": Row("The target does not let {target} be written.", "Map to another attribute."),
    "KeyAsTarget": Row(
        "{target} is the target's own key, which nobody writes.", "Map to externalId, or to another attribute."
    ),
    "MappedTwice": Row("There is another mapping to {target}.", "Take one of them out."),
    "MappingEmpty": Row("The mapping to {target} has neither a source nor a default.", "Give it one, or take it out."),
    "DefaultEmpty": Row("The default of {target} is an empty text.", "Give it another, or none: `--no-default`."),
    "TextUnusable": Row("It holds a character that is none: {character}.", "Take that out."),
    "RequiredUnmapped": Row(
        "The target requires {attribute}, and no mapping or default gives it a value.", "Map something to it."
    ),
    "ValueUnfit": Row(
        "{target} cannot be “{value}”: it takes {type}[ of {limit} characters at the most].", "Give another value."
    ),
    "SeveralForOne": Row(
        "{source} has several values, and {target} takes one.", "Choose one of them: Item([NAME], 1), or Join."
    ),
    "AddsToOneValue": Row(
        "{target} takes one value, to which none can be added.", "Choose another flow type: Always or ObjectAddOnly."
    ),
    "ClearsRequired": Row(
        "{target} is required, and cannot be cleared where the source is empty.", "Leave it alone there instead."
    ),
    "RolesMappedDirectly": Row(
        "App roles cannot be mapped to {target} as they are.",
        "Use SingleAppRoleAssignment([appRoleAssignments]) for one of them, or AssertiveAppRoleAssignmentsComplex.",
    ),
    "NoMatching": Row(
        "No attribute of “{mapping}” is a matching attribute: no account could be found again.",
        "Give one a matching priority.",
    ),
    "MatchingWithoutSource": Row("{target} is a matching attribute, and needs a source.", "Give its mapping one."),
    "MatchingBySelectUniqueValue": Row(
        "{target} is a matching attribute, and cannot come from SelectUniqueValue, which gives what nobody has yet.",
        "Match by another attribute.",
    ),
    "UniqueNotFilterable": Row(
        "Whether a value of {target} is free cannot be asked: it has several values, is never shown, or cannot be"
        " filtered on.",
        "Use SelectUniqueValue for another attribute.",
    ),
    "RedactedLookedFor": Row(
        "Accounts are looked for by {target}, so its value stands in requests and in the log: Redact cannot hide it.",
        "Take Redact out, or look for accounts by another attribute.",
    ),
    "ObjectFilterHoldsNothing": Row(
        "{target} is no attribute of an account: it cannot be a matching attribute, and has no default.",
        "Take the matching priority and the default out.",
    ),
    "MatchingNotFilterable": Row(
        "Accounts cannot be found by {target}: it has several values, is never shown, or cannot be filtered on.",
        "Match by another attribute.",
    ),
    "MatchingPriorityTwice": Row(
        "The matching priority {priority} is given to {targets}.", "Give each another; the lowest is tried first."
    ),
    "MatchingPriorityInvalid": Row(
        "{target} cannot have the matching priority {priority}.", "Write 1 to 2147483647; 0 is no matching attribute."
    ),
    # ---- warnings --------------------------------------------------------------------------------------------------
    "ChangesByItself": Row(
        "What is mapped to {target} changes by itself: whenever everybody is evaluated, it may be sent anew.",
        "If it need not follow the time, let it apply on creation only: `--when creation`.",
    ),
    "NobodySwitchedOn": Row(
        "What is mapped to {target} is not sent to accounts that are there: whoever was disabled and comes back stays"
        " disabled.",
        "Map Not([IsSoftDeleted]) to it, always.",
    ),
    "ClearsNever": Row(
        "{target} is never cleared: what is mapped to it is only added, sent on creation only, or not written at all.",
        "Let it apply always, or leave it alone where the source is empty: `--keep-when-empty`.",
    ),
    # ---- faults of a document --------------------------------------------------------------------------------------
    "MemberUnknown": Row("Nobody knows a member {member}[; perhaps {suggestion} is meant].", _DOCUMENT),
    "MemberMissing": Row("The member {member} is missing.", _DOCUMENT),
    "MemberOfAnotherType": Row("It must be {expected}.", _DOCUMENT),
    "MemberNoneOf": Row("It cannot be “{value}”[; it may be {choices}].", _DOCUMENT),
    "MemberNotSupported": Row(
        "{member} is not supported: without it this would mean something else.", "Take it out, if that is meant."
    ),
    "DirectoryNotDefined": Row("The document does not define a directory “{name}”.", _DOCUMENT),
    "ObjectNotDefined": Row("The directory does not define objects “{name}”.", _DOCUMENT),
}
