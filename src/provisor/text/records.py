"""What an import says of a record, or of a line of one. A reason never quotes a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from provisor.text.row import Row

_EXPORT = "Export it again; with `--strict` an import takes all of a file or nothing."

RECORDS: Final[Mapping[str, Row]] = {
    "ImportHasFaults": Row(
        "Records that cannot be taken: {count}, the first at line {line}[: {why}]; with --strict nothing was.",
        "Mend them, or import without `--strict`: the sound records are taken and the others listed.",
    ),
    "ImportTruncated": Row(
        'The file lacks {missing} of the {known} {kind} that source "{source}" brought before; nothing was changed.',
        "If they are really gone, import with `--full --confirm-missing`; if not, export the whole directory again.",
    ),
    "ImportEmpty": Row("There is no record in it, and nothing was changed.", "Check the file, or the export's filter."),
    "ImportUnreadable": Row(
        "Not one record of it can be taken; there are {count}, the first at line {line}[: {why}].",
        "Is it LDIF at all? See docs/how-to/import-a-directory.md.",
    ),
    "DuplicateRecord": Row("This is a second record of {anchor}[; the first is at line {first}]."),
    "InvalidDistinguishedName": Row(
        "This is no distinguished name[: {problem}].", "See RFC 4514 for how one is written."
    ),
    "LdifEncoding": Row("The file is in {encoding}; LDIF is UTF-8.", "Save it as UTF-8 and import it again."),
    "LdifMalformed": Row("This line is not LDIF, or the blank line before a new record is missing.", _EXPORT),
    "LdifInvalidBase64": Row("The value after :: is not base64.", _EXPORT),
    "LdifInvalidText": Row("The value is not UTF-8 text.", "Write it in base64, after two colons."),
    "LdifNul": Row("The value has a NUL character in it.", _EXPORT),
    "LdifTooLong": Row("A line or record is too long[; the limit is {limit} bytes].", _EXPORT),
    "LdifUrlRefused": Row("The value is a URL; a file cannot make Provisor fetch one.", "Put the value itself there."),
    "LdifNoName": Row("The record does not begin with dn:.", _EXPORT),
    "LdifNoObjectClass": Row("The record has no objectClass, so it is neither person nor group.", _EXPORT),
    "LdifIncomplete": Row(
        "The export was cut off: a limit of the server was reached.",
        "Export with paged results, e.g. `ldapsearch -E pr=1000/noprompt`.",
    ),
    "LdifChangeNotApplied": Row(
        "This is a change record[ ({changetype})]; Provisor imports entries, not changes.",
        "Export the entries themselves, without changetype.",
    ),
    "LdifInvalidReference": Row(
        "Values that are no distinguished names: {count}.",
        "Mend them; until then a group keeps the members that it had, and a person the manager.",
    ),
    "LdifBinarySkipped": Row("Binary values were left out: {count}."),
    "LdifPassedOver": Row("Objects that are neither person nor group were passed over: {count}."),
}
