"""What an import says of a record, or of a line of one. A reason never quotes a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from provisor.text.row import Row

_EXPORT = "Export it again; with `--strict` an import takes all of a file or nothing."
_CONVERT = "Convert it: `iconv -f {0} -t UTF-8 people.csv > utf8.csv`; in Excel, save it as “CSV UTF-8”."

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
        "Was it read as what it is? `--format ldif` or `--format csv` says so. See docs/how-to/import-a-directory.md.",
    ),
    "DuplicateRecord": Row("This is a second record of {anchor}[; the first is at line {first}]."),
    "AnchorChanged": Row(
        "This says that it is {anchor}, but its name is that of {known}[ ({id})], of whom the file says nothing.",
        "The same person? Mend what the file says. Somebody else? `provisor directory delete ID`, and import again.",
    ),
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
    "CsvEncoding": Row("The file is in {encoding}; a CSV must be UTF-8.", _CONVERT.format("UTF-16")),
    "CsvInvalidText": Row(
        "The byte {byte} is not UTF-8: the file was saved as Latin-1 or the like.", _CONVERT.format("ISO-8859-1")
    ),
    "CsvNul": Row("There is a NUL character in it.", _EXPORT),
    "CsvMalformed": Row(
        "Something stands behind a closing quotation mark.",
        'Write a quotation mark within quotes twice: "5"" pipe".',
    ),
    "CsvUnclosedQuote": Row(
        "A quotation mark opens here and is never closed: everything behind it was left out.",
        "Close it; as long as it is open, nobody is removed.",
    ),
    "CsvTooLong": Row("A row or cell is too long: beyond {limit} characters.", "Shorten it, or leave the column out."),
    "CsvWrongWidth": Row(
        "The row has {cells} cells, and the header {expected}.", "Put cells that have the delimiter in them in quotes."
    ),
    "CsvNoAnchor": Row(
        "The cell that tells who it is is empty.", "Fill it in, or name another column with `--anchor`."
    ),
    "CsvHeaderUnreadable": Row(
        "The header cannot be read[: {why}] (line {line}).", "The first line names the columns, in UTF-8."
    ),
    "CsvMissingColumn": Row(
        "There is no column {missing}[; there are: {found}].",
        'Say which column it is: `provisor directory import people.csv --map "Login=userPrincipalName"`.',
    ),
    "CsvDuplicateColumn": Row("Columns with one name: {columns}.", "Rename one, or take it out."),
    "CsvTooManyColumns": Row("The header has {count} columns, and the limit is {limit}.", "Is it a table of people?"),
    "CsvUnknownColumn": Row("There is no column {column}[; there are: {found}].", "Spell it as the first line does."),
    "CsvUnknownProperty": Row("There is no property {property}.", "There are: see docs/how-to/import-a-directory.md."),
    "CsvMappedTwice": Row(
        "Columns that would all be {property}: {columns}.",
        'Map one of them only, as in `--map "Active=accountEnabled"`, or have one ignored: `--map "Status=-"`.',
    ),
    "CsvAnchor": Row("People are told apart by the column {column}[ ({property})]."),
    "CsvColumnsKept": Row("Columns that are no known property are kept as extension attributes: {columns}."),
    "CsvColumnsLeft": Row("Columns that are not taken: {columns}."),
}
