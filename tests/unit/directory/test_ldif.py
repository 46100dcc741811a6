"""The form of LDIF files (RFC 2849): folding, encodings, limits, and what is refused."""

from __future__ import annotations

import tracemalloc
from base64 import b64encode
from collections.abc import Iterator
from io import BufferedReader, BytesIO, RawIOBase

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisor.directory import fold
from provisor.directory import ldif as reader
from provisor.directory.ldif import read_ldif
from provisor.directory.record import Fault, Record

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on any machine
AMY = b"dn: uid=amy,dc=example\nobjectClass: person\ncn: Amy\nmail: amy@x.example\n"
FRY = b"dn: uid=fry,dc=example\nobjectClass: person\ncn: Fry\nmail: fry@x.example\n"


def read(data: bytes) -> list[Record | Fault]:
    return list(read_ldif(BytesIO(data)))


def person(extra: bytes = b"") -> Record:
    [record] = [item for item in read(AMY + extra) if isinstance(item, Record)]
    return record


def fault(data: bytes) -> Fault:
    """The one thing that is wrong; Fry, in the next record, goes in."""
    first, second = read(data + b"\n\n" + FRY)
    assert isinstance(first, Fault)
    assert isinstance(second, Record)
    assert second.attributes["displayName"] == "Fry"
    return first


def test_a_record_begins_where_its_dn_stands() -> None:
    records = read(b"version: 1\n# a comment\n\n\n\n" + AMY + b"\n\n\n" + FRY)
    assert [item.line for item in records] == [6, 13]


def test_a_version_line_needs_no_blank_line_behind_it() -> None:
    assert len(read(b"version: 1\n" + AMY)) == 1


def test_a_byte_order_mark_is_passed_over() -> None:
    assert len(read(b"\xef\xbb\xbf" + AMY)) == 1
    assert len(read(b"\xef\xbb\xbf# exported\nversion: 1\n\n" + AMY)) == 1


def test_utf_16_is_named_as_such() -> None:
    [item] = read(AMY.decode().encode("utf-16"))
    assert isinstance(item, Fault)
    assert (item.reason.code, item.reason.parameters) == ("LdifEncoding", {"encoding": "UTF-16"})


def test_line_ends_of_windows_mean_the_same() -> None:
    data = b"version: 1\n\n" + AMY + b"title: Inte\n rn\n\n" + FRY
    assert read(data) == read(data.replace(b"\n", b"\r\n"))


def test_the_last_record_needs_no_line_end() -> None:
    assert read(AMY + b"\n" + FRY[:-1]) == read(AMY + b"\n" + FRY)
    assert read((AMY + b"\n" + FRY).replace(b"\n", b"\r\n")[:-1]) == read(AMY + b"\n" + FRY)


def test_folded_lines_are_joined_without_the_fold() -> None:
    assert person(b"title: Chief\n  Intern\n  of\n ten\n").attributes["jobTitle"] == "Chief Intern often"
    assert person(b"tit\n le: Intern\n").attributes["jobTitle"] == "Intern"


def test_a_comment_may_be_folded_and_stand_between_attributes() -> None:
    assert person(b"# title: Boss\n  title: Boss\ntitle: Intern\n").attributes["jobTitle"] == "Intern"


def test_base64_may_be_folded() -> None:
    encoded = b64encode("Zoë the Intern".encode())
    assert person(b"title:: " + encoded[:7] + b"\n " + encoded[7:] + b"\n").attributes["jobTitle"] == "Zoë the Intern"


def test_raw_utf_8_is_taken() -> None:
    assert person("title: Intérn\n".encode()).attributes["jobTitle"] == "Intérn"


def test_a_distinguished_name_may_be_base64() -> None:
    [item] = read(AMY.replace(b"dn: uid=amy,dc=example", b"dn:: " + b64encode("cn=Zoë,dc=example".encode())))
    assert isinstance(item, Record)
    assert item.key == "cn=zoë,dc=example"


def test_names_are_compared_without_case() -> None:
    [item] = read(AMY.replace(b"dn:", b"DN:").replace(b"objectClass: person", b"OBJECTCLASS: PERSON"))
    assert isinstance(item, Record)
    assert person(b"TITLE: Intern\n").attributes["jobTitle"] == "Intern"


def test_leading_spaces_go_and_trailing_ones_stay() -> None:
    assert person(b"title:    Intern \n").attributes["jobTitle"] == "Intern "
    assert person(b"title:Intern\n").attributes["jobTitle"] == "Intern"


def test_control_characters_are_data() -> None:
    assert person(b"title:: " + b64encode(b"a\x1b[31m\x07\tb") + b"\n").attributes["jobTitle"] == "a\x1b[31m\x07\tb"


def test_a_value_in_a_language_stands_in_only_where_there_is_no_other() -> None:
    amy = person(b"cn;lang-ja:: 44Ki\ntitle;lang-fr: Stagiaire\n")
    assert amy.attributes["displayName"] == "Amy"
    assert amy.attributes["extension_cn_lang_ja"] == "ア"
    assert amy.attributes["jobTitle"] == "Stagiaire"


@pytest.mark.parametrize(
    ("line", "attribute", "code"),
    [
        (b"title:: QUJD!", "title", "LdifInvalidBase64"),
        (b"title:: QUJ", "title", "LdifInvalidBase64"),
        (b"carLicense:: QUJ", "carLicense", "LdifInvalidBase64"),
        (b"title: Z\xfcrich", "title", "LdifInvalidText"),
        (b"carLicense: Z\xfcrich", "carLicense", "LdifInvalidText"),
        (b"title:: /w==", "title", "LdifInvalidText"),
        (b"title: a\0b", "title", "LdifNul"),
        (b"title:: YQBi", "title", "LdifNul"),
        (b"title:< file:///etc/passwd", "title", "LdifUrlRefused"),
        (b"no colon here", "", "LdifMalformed"),
        (b": no name", "", "LdifMalformed"),
        (b"bad name: x", "", "LdifMalformed"),
        (b"dn: uid=second,dc=example", "dn", "LdifMalformed"),
        (b"member;range=0-1499: uid=a,dc=example", "member", "LdifIncomplete"),
    ],
)
def test_a_bad_line_keeps_its_record_out_and_no_other(line: bytes, attribute: str, code: str) -> None:
    found = fault(AMY + line)
    assert (found.line, found.attribute, found.reason.code) == (5, attribute, code)
    assert found.dn == "uid=amy,dc=example"
    assert found.fatal


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"cn: Amy\nobjectClass: person", "LdifNoName"),
        (b"dn: amy\nobjectClass: person", "InvalidDistinguishedName"),
        (b"dn:\nobjectClass: top", "InvalidDistinguishedName"),
        (b"dn:: !!\nobjectClass: person", "LdifInvalidBase64"),
        (b"dn:< file:///etc/passwd\nobjectClass: person", "LdifUrlRefused"),
        (b"dn: uid=amy,dc=example\ncn: Amy", "LdifNoObjectClass"),
        (b"dn: uid=amy,dc=example", "LdifNoObjectClass"),
        (b" folded from nothing", "LdifMalformed"),
        (b"search: 2\nresult: 4 Size limit exceeded", "LdifIncomplete"),
    ],
)
def test_a_record_that_is_none_is_reported(data: bytes, code: str) -> None:
    found = fault(data)
    assert (found.reason.code, found.fatal) == (code, True)


def test_one_record_left_out_is_one_fault() -> None:
    assert fault(AMY + b"title:: !\nsn:: !\nnonsense\n").line == 5


@pytest.mark.parametrize("change", ["delete", "modify", "modrdn", "moddn", "Modify"])
def test_a_change_is_not_applied(change: str) -> None:
    body = f"dn: uid=amy,dc=example\nchangetype: {change}\nreplace: title\ntitle: Boss\n-\n"
    found = fault(body.encode())
    assert (found.line, found.attribute, found.reason.code) == (2, "changetype", "LdifChangeNotApplied")
    assert found.reason.parameters == {"changetype": change.lower()}


def test_an_added_record_is_a_record() -> None:
    head, body = AMY.split(b"\n", 1)
    added = head + b"\ncontrol: 1.2.840.113556.1.4.805 true\nchangetype: add\n" + body
    [item] = read(added)
    assert isinstance(item, Record)
    assert item.attributes == person().attributes


def test_what_ldapsearch_prints_around_the_records_is_passed_over() -> None:
    head, tail = b"# extended LDIF\n#\n\n", b"\n# search result\nsearch: 2\nresult: 0 Success\n\n# numEntries: 1\n"
    assert read(head + AMY + tail + b"\n# reference\nref: ldap://other.example/dc=x\n") == read(b"\n\n\n" + AMY)


@pytest.mark.parametrize(
    "name",
    [
        "userPassword",
        "USERPASSWORD",
        "userPassword;x-hashed",
        "unicodePwd",
        "sambaNTPassword",
        "sambaLMPassword",
        "krbPrincipalKey",
        "ms-Mcs-AdmPwd",
        "pwdHistory",
        "userPKCS12",
        "supplementalCredentials",
        "authPassword",
    ],
)
@pytest.mark.parametrize(
    "value", [": hunter2secret", ":: aHVudGVyMnNlY3JldA==", ":: hunter2secret!", ":< file:///hunter2secret"]
)
def test_a_secret_is_neither_kept_nor_told(name: str, value: str) -> None:
    items = read(AMY + f"{name}{value}\n".encode() + b"title: Intern\n")
    [amy] = items
    assert isinstance(amy, Record)
    assert amy.attributes == person(b"title: Intern\n").attributes
    assert "hunter2" not in repr(items)


def test_a_secret_in_a_broken_record_is_not_told() -> None:
    items = read(AMY + b"userPassword:: aHVudGVy\nMnNlY3JldA==\n") + read(b"userPassword: hunter2\n")
    assert [item.fatal for item in items if isinstance(item, Fault)] == [True, True]
    assert "hunter2" not in repr(items)
    assert "MnNlY3JldA" not in repr(items)


def test_pictures_are_skipped_with_one_note_for_the_file() -> None:
    photo = b"jpegPhoto:: !! not even base64\n"
    items = read(AMY + photo + b"\n" + FRY + photo + b"userCertificate;binary:: MII=\nobjectSid:: AQUA/w==\n")
    notes = [item for item in items if isinstance(item, Fault)]
    assert [(note.attribute, note.line, note.reason.code, note.reason.parameters["count"]) for note in notes] == [
        ("jpegPhoto", 5, "LdifBinarySkipped", "2"),
        ("userCertificate", 12, "LdifBinarySkipped", "1"),
        ("objectSid", 13, "LdifBinarySkipped", "1"),
    ]
    assert not any(note.fatal for note in notes)
    assert len(items) == 5


def test_an_unknown_attribute_that_turns_out_binary_is_skipped() -> None:
    amy, note = read(AMY + b"vendorBlob:: /w==\nvendorKey:: YQBi\n")[:2]
    assert isinstance(amy, Record)
    assert isinstance(note, Fault)
    assert (note.attribute, note.fatal) == ("vendorBlob", False)


def test_a_picture_from_a_url_is_refused_and_the_person_goes_in() -> None:
    note, amy, _ = read(AMY + b"jpegPhoto:< file:///etc/passwd\n")
    assert isinstance(note, Fault)
    assert isinstance(amy, Record)
    assert (note.reason.code, note.fatal) == ("LdifUrlRefused", False)


def test_containers_and_computers_are_counted_in_one_note() -> None:
    data = b"dn: dc=example\nobjectClass: domain\n\ndn: ou=x,dc=example\nobjectClass: organizationalUnit\n\n"
    computer = b"dn: cn=pc,dc=example\nobjectClass: user\nobjectClass: computer\n\n"
    amy, note = read(data + computer + AMY)
    assert isinstance(amy, Record)
    assert isinstance(note, Fault)
    assert (note.reason.code, note.reason.parameters, note.fatal) == ("LdifPassedOver", {"count": "3"}, False)


def test_a_value_too_long_for_memory_keeps_its_record_out() -> None:
    found = fault(AMY + b"title: " + b"x" * fold.LIMIT)
    assert (found.line, found.attribute, found.reason.code) == (5, "title", "LdifTooLong")


def test_a_record_too_long_for_memory_is_left_out() -> None:
    found = fault(AMY + b"".join(b"x%d: %s\n" % (number, b"y" * 1000) for number in range(1200)))
    assert found.reason.code == "LdifTooLong"


def test_a_large_picture_is_no_reason_to_leave_a_person_out() -> None:
    folded = b"jpegPhoto:: " + b"\n ".join([b"A" * 76] * 40_000) + b"\n"
    assert len(folded) > 2 * fold.LIMIT
    assert person(folded + b"title: Intern\n").attributes["jobTitle"] == "Intern"


def test_a_group_may_have_more_members_than_a_record_may_have_text() -> None:
    members = b"".join(b"member: uid=person-number-%d,ou=people,dc=example\n" % number for number in range(30_000))
    [group] = read(b"dn: cn=all,dc=example\nobjectClass: groupOfNames\ncn: all\n" + members)
    assert isinstance(group, Record)
    assert len(members) > reader.RECORD_LIMIT
    assert len(group.references["members"]) == 30_000


class Endless(RawIOBase):
    """A file that is made while it is read: a beginning, then so many times a pattern."""

    def __init__(self, beginning: bytes, pattern: bytes, times: int) -> None:
        self._rest, self._pattern, self._times = beginning, pattern, times

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        while self._times and len(self._rest) < len(view):
            self._rest += self._pattern
            self._times -= 1
        size = min(len(view), len(self._rest))
        view[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


@pytest.mark.parametrize(
    ("beginning", "pattern"),
    [
        (b"", b"x" * 9000),
        (b"dn: cn=a", b"\n " + b"x" * 9000),
        (b"# ", b"comment" * 1200 + b"\n "),
        (b"", b"a: " + b"b" * 9000 + b"\n"),
        (AMY, b"a: " + b"b" * 9000 + b"\n"),
        (AMY, b"jpegPhoto:: " + b"b" * 9000 + b"\n"),
        (b"", AMY + b"description: " + b"d" * 9000 + b"\n\n"),
    ],
    ids=["one line", "one folded line", "one comment", "a record without a name", "one record", "pictures", "records"],
)
def test_memory_does_not_grow_with_the_file(beginning: bytes, pattern: bytes) -> None:
    stream = BufferedReader(Endless(beginning, pattern, 1500))  # 13 MB
    tracemalloc.start()
    try:
        for _ in read_ldif(stream):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6_000_000


PIECES = st.sampled_from(
    [
        b"dn: ",
        b"dn:: ",
        b"uid=a,dc=x",
        b"\n",
        b"\r\n",
        b"\n\n",
        b" ",
        b"objectClass: person\n",
        b"objectClass: group\n",
        b"member: ",
        b"manager: ",
        b"mail: ",
        b"a@b\n",
        b"changetype: add\n",
        b"::",
        b":<",
        b";lang-x",
        b"#",
        b"\0",
        b"\xff",
        b"userAccountControl: ",
        b"99999",
        b"objectGUID:: AAAA\n",
        b"memberUid: a\n",
        b"version: 1\n",
        b"uid: a\n",
        b"=,+\\",
        b"member;range=0-*: ",
        b"search: 2\n",
        b"result: ",
        b"jpegPhoto: x\n",
        b"entryUUID: ",
    ]
)


@patient
@given(
    st.binary(max_size=300)
    | st.lists(PIECES, max_size=40).map(b"".join)
    | st.lists(PIECES).map(lambda p: AMY + b"".join(p))
)
def test_any_bytes_give_records_and_faults_and_never_an_exception(data: bytes) -> None:
    for item in read(data):
        assert isinstance(item, Record | Fault)
        assert 0 < item.line <= data.count(b"\n") + 1
        if isinstance(item, Record):
            assert item.anchor
            assert item.type == "Group" or item.attributes["userPrincipalName"]
            assert "\0" not in repr(item.attributes).encode().decode("unicode_escape")


@patient
@given(
    st.dictionaries(st.sampled_from(["title", "l", "st", "carLicense"]), st.text(min_size=1, max_size=200), max_size=4)
)
def test_every_text_survives_base64_and_folding(values: dict[str, str]) -> None:
    values = {name: value.replace("\0", "") for name, value in values.items() if value.replace("\0", "").strip()}
    amy = person(b"".join(_folded(name, value) for name, value in values.items()))
    names = {"title": "jobTitle", "l": "city", "st": "state", "carLicense": "extension_carLicense"}
    assert {name: amy.attributes[names[name]] for name in values} == values


def _folded(name: str, value: str) -> bytes:
    line = f"{name}:: ".encode() + b64encode(value.encode())
    return b"\n ".join(_chunks(line)) + b"\n"


def _chunks(line: bytes, size: int = 20) -> Iterator[bytes]:
    yield from (line[start : start + size] for start in range(0, len(line), size))
