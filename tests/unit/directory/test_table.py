"""People from CSV: what columns mean, who is who, and what is refused."""

from __future__ import annotations

from io import BytesIO

import pytest

from provisor.cli.export import cell
from provisor.directory.columns import LIMIT, Layout
from provisor.directory.record import Fault, Record
from provisor.directory.table import read_csv
from provisor.domain.error import Refused
from provisor.text import describe


def read(text: str | bytes, **said: object) -> tuple[list[Record], list[Fault], list[Fault]]:
    """People, faults, notes."""
    data = text.encode() if isinstance(text, str) else text
    items = list(read_csv(BytesIO(data), Layout(**said)))  # type: ignore[arg-type]
    faults = [item for item in items if isinstance(item, Fault)]
    people = [item for item in items if isinstance(item, Record)]
    return people, [one for one in faults if one.fatal], [one for one in faults if not one.fatal]


def person(header: str, row: str, **said: object) -> Record:
    [found], faults, _ = read(f"{header}\n{row}\n", **said)
    assert not faults
    return found


def refused(text: str | bytes, **said: object) -> dict[str, str]:
    with pytest.raises(Refused) as refusal:
        read(text, **said)
    assert describe(refusal.value.reason)
    return {"code": refusal.value.reason.code, **refusal.value.reason.parameters}


# ---- columns ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "property_"),
    [
        *(("givenName", "givenName"), ("Given Name", "givenName"), ("given_name", "givenName")),
        *(("GIVEN-NAME", "givenName"), ("First name", "givenName"), ("sn", "surname"), ("Last Name", "surname")),
        *(("E-Mail", "mail"), ("email", "mail"), ("cn", "displayName"), ("uid", "mailNickname")),
        *(("Job Title", "jobTitle"), ("title", "jobTitle"), ("Personnel Number", "employeeId"), ("l", "city")),
    ],
)
def test_a_column_is_known_however_it_is_spelled(column: str, property_: str) -> None:
    assert person(f"login,{column}", "amy@x.example,a value").attributes[property_] == "a value"


def test_a_property_s_own_name_comes_before_other_words_for_it() -> None:
    amy = person("login,cn,displayName,name", "amy@x.example,A,B,C")
    assert amy.attributes["displayName"] == "B"
    assert (amy.attributes["extension_cn"], amy.attributes["extension_name"]) == ("A", "C")


def test_a_column_that_is_no_property_is_kept_and_told_once() -> None:
    people, _, notes = read("login,Cost Centre,Shoe-Size\namy@x.example,7,38\nfry@x.example,7,43\n")
    assert [one.attributes["extension_Cost_Centre"] for one in people] == ["7", "7"]
    assert people[1].attributes["extension_Shoe_Size"] == "43"
    [kept] = [one for one in notes if one.reason.code == "CsvColumnsKept"]
    assert kept.reason.parameters == {"columns": "Cost Centre, Shoe-Size"}


def test_a_person_says_what_a_column_holds() -> None:
    names = {"Personalnummer": "employeeid", "title": "-", "Wer": "displayName"}
    amy = person("login,PERSONALNUMMER,title,Wer", "amy@x.example,7,Dr.,Amy", names=names)
    assert (amy.attributes["employeeId"], amy.attributes["displayName"]) == ("7", "Amy")
    assert "Dr." not in amy.attributes.values()


@pytest.mark.parametrize("names", [{"Employee Status": "accountEnabled"}, {"Active": "-"}])
def test_a_person_says_which_of_two_columns_counts(names: dict[str, str]) -> None:
    amy = person("login,Active,Employee Status", "amy@x.example,true,terminated", names=names)
    assert amy.attributes["accountEnabled"] is False


def test_a_password_is_never_read() -> None:
    people, _, notes = read("login,Initial Password\namy@x.example,hunter2\n")
    assert "hunter2" not in repr((people, notes))
    assert ("CsvColumnsLeft", {"columns": "Initial Password"}) in [
        (one.reason.code, one.reason.parameters) for one in notes
    ]


@pytest.mark.parametrize(
    ("text", "said", "code", "parameter", "value"),
    [
        ("name,department\nAmy,D\n", {}, "CsvMissingColumn", "found", "name, department"),
        ("login,Given Name,given_name\n", {}, "CsvDuplicateColumn", "columns", "Given Name, given_name"),
        ("login,a\n", {"names": {"b": "mail"}}, "CsvUnknownColumn", "column", "b"),
        ("login,a\n", {"names": {"a": "shoe"}}, "CsvUnknownProperty", "property", "shoe"),
        ("login,a,b\n", {"names": {"a": "mail", "b": "mail"}}, "CsvMappedTwice", "columns", "a, b"),
        ("login,Active,Employee Status\n", {}, "CsvMappedTwice", "columns", "Active, Employee Status"),
        ("login,disabled,accountEnabled\n", {}, "CsvMappedTwice", "columns", "accountEnabled, disabled"),
        ("login,enabled,account disabled\n", {}, "CsvMappedTwice", "property", "accountEnabled"),
        ("login,upn\n", {}, "CsvMappedTwice", "columns", "login, upn"),
        ("login,employeeId,Personnel No,Staff ID\n", {}, "CsvMappedTwice", "columns", "employeeId, Staff ID"),
        ("login,a\n", {"anchor": "id"}, "CsvUnknownColumn", "column", "id"),
        ("login,a\n", {"groups": "teams"}, "CsvUnknownColumn", "column", "teams"),
        ("login," + ",".join(map(str, range(LIMIT))), {}, "CsvTooManyColumns", "limit", str(LIMIT)),
        ("login,straße\n".encode("latin-1"), {}, "CsvHeaderUnreadable", "why", "CsvInvalidText"),
        ('login,"name\namy,Amy\n', {}, "CsvHeaderUnreadable", "why", "CsvUnclosedQuote"),
        ("login,name\n".encode("utf-16"), {}, "CsvEncoding", "encoding", "UTF-16"),
    ],
)
def test_a_header_that_cannot_be_used_refuses_the_file(
    text: str | bytes, said: dict[str, object], code: str, parameter: str, value: str
) -> None:
    found = refused(text, **said)
    assert (found["code"], found[parameter]) == (code, value)


# ---- who -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "row", "anchor"),
    [
        ("login,id,employeeId", "amy@x.example,A1,7", "id=a1"),
        ("login,objectId,employeeId", "amy@x.example,A1,7", "id=a1"),
        ("login,employeeId", "amy@x.example,7", "employeeId=7"),
        ("login,employeeId", "Amy@X.example,", "userPrincipalName=amy@x.example"),
        ("login", "Amy@X.example", "userPrincipalName=amy@x.example"),
        ("email", "Amy@X.example", "userPrincipalName=amy@x.example"),
    ],
)
def test_the_most_lasting_identity_is_the_anchor(header: str, row: str, anchor: str) -> None:
    assert person(header, row).anchor == anchor
    assert person(header, row).key == "userPrincipalName=amy@x.example"


def test_the_column_that_tells_people_apart_is_told() -> None:
    _, _, [note] = read("login,Personnel No\n", names={"Personnel No": "employeeId"})
    assert describe(note.reason) == "People are told apart by the column Personnel No (employeeId)."


def test_an_anchor_that_a_person_chose_must_be_there() -> None:
    people, [fault], _ = read("login,Badge\namy@x.example,\nfry@x.example,9\n", anchor="badge")
    assert [one.anchor for one in people] == ["badge=9"]
    assert (fault.line, fault.attribute, fault.reason.code) == (2, "Badge", "CsvNoAnchor")
    assert fault.names == ("userPrincipalName=amy@x.example",)


def test_a_mail_address_stands_for_a_login_that_is_missing() -> None:
    people, [fault], _ = read("id,login,mail\n1,,amy@x.example\n2,,\n3,fry,fry@x.example\n")
    assert [one.attributes["userPrincipalName"] for one in people] == ["amy@x.example", "fry"]
    assert (fault.line, fault.reason.code, fault.names) == (3, "MissingValues", ("id=2",))


@pytest.mark.parametrize(
    ("manager", "key"),
    [
        ("7", "employeeId=7"),
        ("Boss@X.example", "userPrincipalName=boss@x.example"),
        ("the.boss@x.example", "userPrincipalName=boss@x.example"),
        ("8", "employeeId=8"),
        ("late@x.example", "userPrincipalName=late@x.example"),
    ],
)
def test_a_manager_is_named_by_anchor_login_or_mail_even_of_a_later_row(manager: str, key: str) -> None:
    rows = f"amy@x.example,a@x.example,1,{manager}\nboss@x.example,the.boss@x.example,7,\n"
    [amy, boss], faults, _ = read("login,mail,employeeId,manager\n" + rows)
    assert not faults
    assert amy.references == {"manager": (key,)}
    assert boss.references == {}


# ---- what ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "word", "enabled"),
    [
        *(("accountEnabled", "TRUE", True), ("accountEnabled", "false", False), ("Active", "no", False)),
        *(("Disabled", "1", False), ("nsAccountLock", "false", True)),
        *(("userAccountControl", "514", False), ("userAccountControl", "512", True)),
        ("employeeStatus", "Inactive", False),
    ],
)
def test_who_is_blocked(column: str, word: str, enabled: bool) -> None:
    assert person(f"login,{column}", f"amy@x.example,{word}").attributes["accountEnabled"] is enabled


@pytest.mark.parametrize("header", ["login,enabled", "login,userAccountControl", "login,city"])
def test_an_empty_cell_and_no_column_say_nothing_of_who_is_blocked(header: str) -> None:
    assert "accountEnabled" not in person(header, "amy@x.example,").attributes


@pytest.mark.parametrize("word", ["perhaps", "2", "ja"])
def test_nobody_is_enabled_by_a_word_that_is_not_known(word: str) -> None:
    people, [fault], _ = read(f"login,active\namy@x.example,{word}\n")
    assert not people
    assert (fault.attribute, fault.reason.code) == ("active", "InvalidValue")
    assert word not in fault.reason.parameters.values()


def test_lists_groups_and_formulas() -> None:
    amy = person("login,businessPhones,groups,title", "amy@x.example,'+49 1|+49 2,Crew| Sales ||,'=1+1")
    assert amy.attributes["businessPhones"] == ["+49 1", "+49 2"]
    assert amy.groups == ("Crew", "Sales")
    assert amy.attributes["jobTitle"] == "=1+1"
    assert person("login", "amy@x.example").groups is None
    other = person("login,Teams", "amy@x.example,a/b", groups="teams", separator="/")
    assert other.groups == ("a", "b")


def test_a_group_with_the_separator_in_its_name_comes_through_an_export() -> None:
    groups = ("R|D", "CORP\\staff", "Crew\\")
    assert person("login,groups", f"amy@x.example,{cell(groups)}").groups == groups
    assert person("login,groups", "amy@x.example,R|D;x\\;y", separator=";").groups == ("R|D", "x\\", "y")


def test_a_name_is_made_of_its_parts() -> None:
    assert person("login,first name,sn", "amy@x.example,Amy,Wong").attributes["displayName"] == "Amy Wong"


# ---- a bad row costs itself ------------------------------------------------------------------------------------


def test_rows_that_are_too_short_or_too_long_say_what_was_expected() -> None:
    people, faults, _ = read("login,a,b\nx@x.example,1\ny@x.example,1,2\nz@x.example,1,2,3\n")
    assert [one.line for one in people] == [3]
    assert [(one.line, describe(one.reason), one.names) for one in faults] == [
        (2, "The row has 2 cells, and the header 3.", ()),
        (4, "The row has 4 cells, and the header 3.", ()),
    ]


def test_a_row_in_latin_1_is_still_known_unless_its_name_is_what_cannot_be_read() -> None:
    text = "id,login,city\n1,amy@x.example,Köln\n2,jürgen@x.example,Berlin\n3,fry@x.example,Bonn\n"
    people, faults, _ = read(text.encode("latin-1"))
    assert [one.anchor for one in people] == ["id=3"]
    assert [(one.line, one.attribute) for one in faults] == [(2, "city"), (3, "login")]
    assert set(faults[0].names) == {"id=1", "userPrincipalName=amy@x.example"}
    assert faults[1].names == ()
    assert "0xf6" in describe(faults[0].reason)


def test_a_cell_of_ten_megabytes_is_told_with_its_column() -> None:
    people, [fault], _ = read("login,notes\nx@x.example," + "n" * (10 << 20) + "\ny@x.example,short\n")
    assert [one.line for one in people] == [3]
    assert (fault.line, fault.attribute, fault.reason.code, fault.names) == (2, "notes", "CsvTooLong", ())


def test_nothing_is_no_record() -> None:
    assert read("") == ([], [], [])
    assert read("\n\n") == ([], [], [])
