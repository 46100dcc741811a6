"""What LDAP attributes of people and groups become in Microsoft Graph's words."""

from __future__ import annotations

import uuid
from base64 import b64encode
from io import BytesIO

import pytest

from provisor.directory.ldif import read_ldif
from provisor.directory.record import Fault, Record

GUID = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")


def read(
    *lines: str, dn: str = "uid=amy,ou=people,dc=planet,dc=example", kind: str = "inetOrgPerson"
) -> list[Record | Fault]:
    return list(read_ldif(BytesIO("\n".join((f"dn: {dn}", f"objectClass: {kind}", *lines)).encode())))


def record(*lines: str, dn: str = "uid=amy,ou=people,dc=planet,dc=example", kind: str = "inetOrgPerson") -> Record:
    [only] = read(*lines, dn=dn, kind=kind)
    assert isinstance(only, Record)
    return only


@pytest.mark.parametrize(
    ("ldap", "graph"),
    [
        ("displayName", "displayName"),
        ("cn", "displayName"),
        ("commonName", "displayName"),
        ("givenName", "givenName"),
        ("sn", "surname"),
        ("surname", "surname"),
        ("mail", "mail"),
        ("uid", "mailNickname"),
        ("mailNickname", "mailNickname"),
        ("sAMAccountName", "onPremisesSamAccountName"),
        ("title", "jobTitle"),
        ("department", "department"),
        ("departmentNumber", "department"),
        ("ou", "department"),
        ("employeeNumber", "employeeId"),
        ("employeeID", "employeeId"),
        ("employeeType", "employeeType"),
        ("mobile", "mobilePhone"),
        ("l", "city"),
        ("st", "state"),
        ("postalCode", "postalCode"),
        ("c", "country"),
        ("street", "streetAddress"),
        ("streetAddress", "streetAddress"),
        ("company", "companyName"),
        ("o", "companyName"),
        ("preferredLanguage", "preferredLanguage"),
        ("physicalDeliveryOfficeName", "officeLocation"),
        ("userPrincipalName", "userPrincipalName"),
        ("description", "extension_description"),
        ("carLicense", "extension_carLicense"),
        ("msDS-cloudExtensionAttribute1", "extension_msDS_cloudExtensionAttribute1"),
    ],
)
def test_an_attribute_has_graph_s_name(ldap: str, graph: str) -> None:
    base = [] if ldap in ("userPrincipalName", "uid") else ["userPrincipalName: a@b.example"]
    attributes = record(*base, f"{ldap}: value").attributes
    assert attributes[graph] == "value"
    assert len(attributes) == (4 if ldap == "uid" else 3) - (ldap in ("userPrincipalName", "uid"))


def test_the_better_name_wins_and_the_other_is_kept() -> None:
    attributes = record(
        "cn: Philip J. Fry", "displayName: Fry", "mail: f@x.example", "ou: Crew", "departmentNumber: 7"
    ).attributes
    assert attributes["displayName"] == "Fry"
    assert attributes["extension_cn"] == "Philip J. Fry"
    assert attributes["department"] == "7"
    assert attributes["extension_ou"] == "Crew"


def test_several_values_are_kept_whole_beside_the_first() -> None:
    attributes = record(
        "employeeType: Captain", "employeeType: Pilot", "note: a", "note: b", "mail: l@x.example"
    ).attributes
    assert attributes["employeeType"] == "Captain"
    assert attributes["extension_employeeType"] == ["Captain", "Pilot"]
    assert attributes["extension_note"] == ["a", "b"]


def test_further_addresses_are_other_mails_once_each() -> None:
    attributes = record("mail: a@x.example", "mail: b@x.example", "mail: A@X.example ", "mail: c@x.example").attributes
    assert attributes["mail"] == "a@x.example"
    assert attributes["otherMails"] == ["b@x.example", "c@x.example"]
    assert "extension_mail" not in attributes


def test_telephone_numbers_are_a_list() -> None:
    assert record("telephoneNumber: 1", "mail: a@x.example").attributes["businessPhones"] == ["1"]
    assert record("telephoneNumber: 1", "telephoneNumber: 2", "mail: a@x.example").attributes["businessPhones"] == [
        "1",
        "2",
    ]


def test_an_empty_value_is_none() -> None:
    assert "jobTitle" not in record("title:", "title::", "mail: a@x.example").attributes


def test_an_attribute_is_spelled_as_the_file_first_spells_it() -> None:
    people = "dn: uid={0},dc=x\nobjectClass: person\nmail: {0}@x\n{1}: v\n\n"
    data = people.format("a", "carLicense") + people.format("b", "CARLICENSE")
    for item in read_ldif(BytesIO(data.encode())):
        assert isinstance(item, Record)
        assert item.attributes["extension_carLicense"] == "v"


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (("userPrincipalName: p@x.example", "mail: m@x.example", "uid: amy"), "p@x.example"),
        (("mail: m@x.example", "mail: n@x.example", "uid: amy"), "m@x.example"),
        (("uid: amy", "sAMAccountName: wong"), "amy@planet.example"),
        (("sAMAccountName: wong",), "wong@planet.example"),
    ],
)
def test_a_principal_name_is_found_or_made(lines: tuple[str, ...], name: str) -> None:
    assert record(*lines).attributes["userPrincipalName"] == name


@pytest.mark.parametrize(("dn", "line"), [("uid=amy,o=acme", "uid: amy"), ("cn=amy,dc=x", "cn: Amy")])
def test_a_person_without_any_principal_name_is_left_out(dn: str, line: str) -> None:
    [fault] = read(line, dn=dn)
    assert isinstance(fault, Fault)
    assert (fault.line, fault.attribute, fault.reason.code, fault.fatal) == (
        1,
        "userPrincipalName",
        "MissingValues",
        True,
    )


@pytest.mark.parametrize(
    ("line", "enabled"),
    [
        ("userAccountControl: 512", True),
        ("userAccountControl: 514", False),
        ("userAccountControl: 66050", False),
        ("userAccountControl: 66048", True),
        ("nsAccountLock: TRUE", False),
        ("nsAccountLock: false", True),
        ("loginDisabled: true", False),
        ("pwdAccountLockedTime: 000001010000Z", False),
        ("pwdAccountLockedTime: 20250101000000Z", True),
        ("employeeStatus: Inactive", False),
        ("employeeStatus: active", True),
        ("accountStatus: disabled", False),
        ("title: Intern", True),
    ],
)
def test_who_is_blocked(line: str, enabled: bool) -> None:
    assert record(line, "mail: a@x.example").attributes["accountEnabled"] is enabled


@pytest.mark.parametrize("value", ["enabled", "9" * 5000, "0x202"])
def test_nobody_is_enabled_by_a_flag_that_cannot_be_read(value: str) -> None:
    [fault] = read(f"userAccountControl: {value}", "mail: a@x.example")
    assert isinstance(fault, Fault)
    assert (fault.line, fault.attribute, fault.fatal) == (3, "userAccountControl", True)


@pytest.mark.parametrize(
    ("lines", "anchor"),
    [
        (("entryUUID: 00112233-4455-6677-8899-AABBCCDDEEFF", "uid: amy"), f"entryUUID={GUID}"),
        ((f"objectGUID:: {b64encode(GUID.bytes_le).decode()}", "uid: amy"), f"objectGUID={GUID}"),
        ((f"objectGUID: {GUID}", "uid: amy"), f"objectGUID={GUID}"),
        (("employeeNumber: 7A", "uid: amy"), "employeeNumber=7a"),
        (("uid: Amy",), "uid=amy"),
        (("cn: Amy",), "dn=uid=amy,ou=people,dc=planet,dc=example"),
        ((f"uid: {'x' * 300}",), "dn=uid=amy,ou=people,dc=planet,dc=example"),
    ],
)
def test_the_most_lasting_identity_is_the_anchor(lines: tuple[str, ...], anchor: str) -> None:
    assert record("mail: a@x.example", *lines).anchor == anchor


def test_a_group_s_anchor_is_its_guid_or_its_name() -> None:
    assert record("uid: x", "employeeNumber: 1", dn="cn=Crew,dc=x", kind="group").anchor == "dn=cn=crew,dc=x"
    assert record(f"entryUUID: {GUID}", dn="cn=Crew,dc=x", kind="group").anchor == f"entryUUID={GUID}"


def test_a_manager_is_a_reference_and_no_attribute() -> None:
    amy = record("mail: a@x.example", "manager: UID=Hermes , OU=people,dc=planet,dc=example")
    assert amy.references == {"manager": ("uid=hermes,ou=people,dc=planet,dc=example",)}
    assert not any("manager" in name.lower() for name in amy.attributes)


@pytest.mark.parametrize("kind", ["person", "organizationalPerson", "inetOrgPerson", "user", "posixAccount", "USER"])
def test_people_by_object_class(kind: str) -> None:
    assert record("mail: a@x.example", kind=kind).type == "User"


@pytest.mark.parametrize(
    "kind", ["group", "groupOfNames", "groupOfUniqueNames", "groupOfMembers", "posixGroup", "Group"]
)
def test_groups_by_object_class(kind: str) -> None:
    assert record("cn: crew", kind=kind).type == "Group"


@pytest.mark.parametrize("kind", ["computer", "contact"])
def test_what_holds_no_account_is_no_person(kind: str) -> None:
    [note] = read("objectClass: user", "objectClass: person", "mail: a@x.example", kind=kind)
    assert isinstance(note, Fault)
    assert note.reason.code == "LdifPassedOver"


def test_a_group_in_graph_s_words() -> None:
    group = record("cn: crew", "description: Ship's crew", "mail: c@x.example", "mailNickname: c", kind="groupOfNames")
    assert group.attributes == {
        "displayName": "crew",
        "description": "Ship's crew",
        "mail": "c@x.example",
        "mailNickname": "c",
    }
    assert group.references == {"members": ()}


def test_members_are_named_once_and_in_order() -> None:
    group = record(
        "member: UID=b,dc=x", "member: uid=a, dc=x", "member: uid=b,dc=x", "uniqueMember: uid=c,dc=x", kind="group"
    )
    assert group.references["members"] == ("uid=b,dc=x", "uid=a,dc=x", "uid=c,dc=x")


def test_a_posix_group_names_people_by_an_alias_that_they_answer_to() -> None:
    group = record("memberUid: Amy", "memberUid: a+b", "memberUid: amy", dn="cn=g,dc=x", kind="posixGroup")
    amy, plus = record("uid: amy"), record("uid: A+B", "uid: second")
    assert group.references["members"] == (amy.aliases[0], plus.aliases[0])
    assert plus.aliases == (r"uid=a\+b", "uid=second")


def test_a_group_whose_members_cannot_all_be_read_is_left_as_it_is() -> None:
    (fault,) = read("cn: g", "member: nobody", "member: uid=a,dc=x", "member: nobody at all", kind="groupOfNames")
    assert isinstance(fault, Fault)
    assert (fault.line, fault.attribute, fault.fatal) == (4, "member", True)
    assert (fault.reason.code, fault.reason.parameters) == ("LdifInvalidReference", {"count": "2"})


def test_a_manager_that_is_no_name_is_noted() -> None:
    note, person = read("uid: a", "mail: a@x.example", "manager: nobody", kind="person")
    assert isinstance(note, Fault)
    assert isinstance(person, Record)
    assert (note.attribute, note.fatal, person.references) == ("manager", False, {})
