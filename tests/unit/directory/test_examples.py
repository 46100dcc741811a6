"""The shipped example directories hold exactly what their README says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from provisor.directory.ldif import read_ldif
from provisor.directory.record import Fault, Record

EXAMPLES = Path(__file__).parents[3] / "examples"


def read(name: str) -> tuple[list[Record], list[Record], list[Fault]]:
    with (EXAMPLES / name).open("rb") as stream:
        items = list(read_ldif(stream))
    records = [item for item in items if isinstance(item, Record)]
    people = [record for record in records if record.type == "User"]
    groups = [record for record in records if record.type == "Group"]
    return people, groups, [item for item in items if isinstance(item, Fault)]


def by(records: list[Record], attribute: str) -> dict[object, Record]:
    return {record.attributes.get(attribute): record for record in records}


def test_planet_express_is_seven_people_and_two_groups() -> None:
    people, groups, faults = read("planetexpress/planetexpress.ldif")
    assert [person.anchor for person in people] == [
        *("uid=amy", "uid=bender", "uid=fry", "uid=hermes", "uid=leela", "uid=professor", "uid=zoidberg"),
    ]
    assert people[0].key == "cn=amy wong+sn=kroker,ou=people,dc=planetexpress,dc=com"
    assert people[5].attributes == {
        "displayName": "Professor Farnsworth",
        "givenName": "Hubert",
        "surname": "Farnsworth",
        "userPrincipalName": "professor@planetexpress.com",
        "mail": "professor@planetexpress.com",
        "otherMails": ["hubert@planetexpress.com"],
        "mailNickname": "professor",
        "jobTitle": "Professor",
        "department": "Office Management",
        "employeeType": "Owner",
        "accountEnabled": True,
        "extension_employeeType": ["Owner", "Founder"],
        "extension_cn": "Hubert J. Farnsworth",
        "extension_description": "Human",
    }
    crew = by(groups, "displayName")["ship_crew"]
    keys = {person.key: person.attributes["mailNickname"] for person in people}
    assert [keys[member] for member in crew.references["members"]] == ["fry", "leela", "bender"]
    assert [
        (fault.attribute, fault.reason.code, fault.reason.parameters["count"], fault.fatal) for fault in faults
    ] == [
        ("jpegPhoto", "LdifBinarySkipped", "5", False),
        ("objectClass", "LdifPassedOver", "1", False),
    ]


def test_the_large_group_holds_its_two_thousand_people() -> None:
    people, groups, faults = read("planetexpress/large-group.ldif")
    assert len(people) == 2000
    assert [group.references["members"] for group in groups] == [tuple(person.key for person in people)]
    assert people[-1].attributes["userPrincipalName"] == "large2000@planetexpress.com"
    assert not any(fault.fatal for fault in faults)


def test_no_password_of_planet_express_is_read() -> None:
    for name in ("planetexpress/planetexpress.ldif", "planetexpress/large-group.ldif"):
        people, groups, faults = read(name)
        told = repr((people, groups, faults)).lower()
        assert "password" not in told
        assert "ssha" not in told


def test_a_schema_change_is_refused_as_a_change() -> None:
    people, groups, faults = read("planetexpress/schema-msad.ldif")
    assert not people + groups
    assert [(fault.line, fault.reason.code, fault.fatal) for fault in faults] == [
        (5, "LdifChangeNotApplied", True),
        (13, "LdifChangeNotApplied", True),
    ]


def test_every_reference_in_the_company_resolves() -> None:
    people, groups, faults = read("company.ldif")
    assert (len(people), len(groups)) == (250, 20)
    assert not any(fault.fatal for fault in faults)
    keys = {record.key for record in people + groups}
    assert len(keys) == len({record.anchor for record in people + groups}) == 270
    assert {key for record in people + groups for keys_ in record.references.values() for key in keys_} <= keys
    assert sum(not person.attributes["accountEnabled"] for person in people) == 6
    assert len({person.attributes["userPrincipalName"] for person in people}) == 250


def test_every_line_of_managers_in_the_company_ends_at_one_chief_executive() -> None:
    people, _, _ = read("company.ldif")
    manager = {person.key: person.references.get("manager", (None,))[0] for person in people}
    chiefs = set()
    for person in people:
        key, steps = person.key, 0
        while (above := manager[key]) is not None:
            key, steps = above, steps + 1
            assert steps <= 3
        chiefs.add(key)
    assert [by(people, "jobTitle")["Chief Executive Officer"].key] == list(chiefs)


def test_the_company_has_a_group_of_groups_and_an_empty_one() -> None:
    people, groups, _ = read("company.ldif")
    named = by(groups, "displayName")
    offices = named["All Offices"].references["members"]
    assert set(offices) == {group.key for group in groups if str(group.attributes["displayName"]).startswith("Office ")}
    members = [key for group in groups if group.key in offices for key in group.references["members"]]
    assert sorted(members) == sorted(person.key for person in people)
    assert [name for name, group in named.items() if not group.references["members"]] == ["Project Nightjar"]


def test_make_company_writes_the_shipped_file_byte_for_byte(tmp_path: Path) -> None:
    target = tmp_path / "company.ldif"
    subprocess.run([sys.executable, EXAMPLES / "make_company.py", target], check=True)
    assert target.read_bytes() == (EXAMPLES / "company.ldif").read_bytes()


def test_hard_records_go_in_as_they_are_and_the_broken_one_is_reported() -> None:
    people, groups, faults = read("hard.ldif")
    named = {person.aliases[0].removeprefix("uid="): person.attributes for person in people}
    assert list(named) == [
        *("nomail", "longname", "twin1", "twin2", "blocked", "brackets", "formula", "script", "ansi"),
        *("rtl", "obrien", "ada", "juergen", "odysseas", "mingmei"),
    ]
    assert "mail" not in named["nomail"]
    assert named["nomail"]["userPrincipalName"] == "nomail@hard.example"
    assert len(str(named["longname"]["surname"])) == 40
    assert str(named["twin1"]["mail"]).lower() == str(named["twin2"]["mail"]).lower()
    assert [name for name, person in named.items() if not person["accountEnabled"]] == ["blocked"]
    assert named["brackets"]["displayName"] == "[/]"
    assert named["formula"]["displayName"] == "=cmd|'/c calc'!A1"
    assert named["script"]["displayName"] == "<script>alert(1)</script>"
    assert named["ansi"]["displayName"] == "Red\x1b[31m Alert\x1b[2J"
    assert named["rtl"]["displayName"] == "Rita\u200f \u202enimdA"
    assert named["obrien"]["displayName"] == 'Pat "Paddy" O\'Brien \\ Co, Ltd'
    assert named["obrien"]["mail"] == "o'brien@hard.example"
    assert named["juergen"]["surname"] == "Großmüller"
    assert named["odysseas"]["displayName"] == "Οδυσσέας Παπαδάκης"
    assert named["mingmei"]["displayName"] == "林明美"
    [fault] = [fault for fault in faults if fault.fatal]
    assert (fault.dn, fault.attribute) == ("uid=broken,ou=people,dc=hard,dc=example", "cn")
    assert fault.reason.code == "LdifInvalidBase64"
    lines = (EXAMPLES / "hard.ldif").read_text("ascii").splitlines()
    assert lines[fault.line - 1] == "cn:: QnJva2Vu!!!"
    assert len(groups) == 1


def test_the_hard_group_holds_everybody_and_one_who_does_not_exist() -> None:
    people, [group], _ = read("hard.ldif")
    assert list(group.references["members"]) == [
        *(person.key for person in people),
        "uid=nobody,ou=people,dc=hard,dc=example",
    ]
    assert group.line < people[0].line
