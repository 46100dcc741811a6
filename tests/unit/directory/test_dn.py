from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisor.directory.dn import InvalidDistinguishedName, domain_of, fold, normalize_dn, uid_key

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on any machine
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20).filter(fold)
KIND = st.sampled_from(["cn", "ou", "uid", "dc", "x-kind", "1.2.3"])
NAME = st.lists(st.lists(st.tuples(KIND, TEXT), min_size=1, max_size=3), min_size=1, max_size=4)


def backslashed(value: str) -> str:
    escaped = "".join("\\" + letter if letter in ',+"\\<>;=' else letter for letter in value)
    return f"\\{escaped}" if escaped.startswith((" ", "#")) else escaped


def hexed(value: str) -> str:
    return "".join(f"\\{byte:02X}" for byte in value.encode())


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        (
            "CN=Amy Wong+SN=Kroker,OU=People,DC=PlanetExpress,DC=com",
            "cn=amy wong+sn=kroker,ou=people,dc=planetexpress,dc=com",
        ),
        (
            "sn=Kroker + cn=Amy  Wong , ou = people,dc=planetexpress,dc=com",
            "cn=amy wong+sn=kroker,ou=people,dc=planetexpress,dc=com",
        ),
        (r"cn=Smith\, John,dc=example", r"cn=smith\, john,dc=example"),
        (r"cn=Smith\2C John,dc=example", r"cn=smith\, john,dc=example"),
        (r"cn=\ padded\ ,dc=example", "cn=padded,dc=example"),
        (r"cn=Lu\C4\8Di\C4\87", "cn=lučić"),
        (r"cn=\#1+sn=\+\;\<\>\"\\\=", r"cn=\#1+sn=\+\;\<\>\"\\="),
        ("1.3.6.1.4.1.1466.0=#04024869", "1.3.6.1.4.1.1466.0=#04024869"),
        ("2.5.4.3=a,0.9.2342.19200300.100.1.25=b", "cn=a,dc=b"),
        ("commonName=a,domainComponent=b", "cn=a,dc=b"),
        ("cn=STRASSE,dc=x", "cn=strasse,dc=x"),
        ("cn=Straße,dc=x", "cn=strasse,dc=x"),
        ("cn=a=b,dc=x", "cn=a=b,dc=x"),
    ],
)
def test_every_way_to_write_a_name_becomes_one(written: str, normal: str) -> None:
    assert normalize_dn(written) == normal


@pytest.mark.parametrize(
    "bad",
    [
        "",
        " ",
        "amy",
        "=amy",
        "cn=",
        "cn= ,dc=x",
        "cn=a,",
        ",cn=a",
        "cn=a,,dc=x",
        "cn=a++sn=b",
        "cn=a;dc=x",
        'cn="a"',
        "cn=<a>",
        "cn=a\\",
        "cn=a\\zz",
        "cn=\\FF",
        "cn=\\00",
        "cn=a\0",
        "cn=#04zz",
        "cn=#0",
        "c_n=a",
        "1.=a",
        "cn=" + "a" * 3000,
    ],
)
def test_what_is_no_name_is_refused(bad: str) -> None:
    with pytest.raises(InvalidDistinguishedName):
        normalize_dn(bad)


def test_text_that_begins_with_a_number_sign_is_not_a_hex_string() -> None:
    assert normalize_dn(r"cn=\#0401") != normalize_dn("cn=#0401")


def test_an_escaped_separator_does_not_separate() -> None:
    assert normalize_dn(r"cn=a\,dc\=b") != normalize_dn("cn=a,dc=b")


@patient
@given(NAME)
def test_escapes_by_character_and_by_byte_mean_the_same(name: list[list[tuple[str, str]]]) -> None:
    one, other = (
        ",".join("+".join(f"{kind}={write(value)}" for kind, value in rdn) for rdn in name)
        for write in (backslashed, hexed)
    )
    assert normalize_dn(one) == normalize_dn(other)


@patient
@given(NAME)
def test_case_spacing_and_order_inside_a_part_do_not_matter(name: list[list[tuple[str, str]]]) -> None:
    plain = ",".join("+".join(f"{kind}={hexed(value)}" for kind, value in rdn) for rdn in name)
    fancy = " , ".join(" + ".join(f"{kind.upper()} = {hexed(value)}" for kind, value in reversed(rdn)) for rdn in name)
    assert normalize_dn(plain) == normalize_dn(fancy)


@patient
@given(NAME)
def test_a_normal_name_is_its_own_normal_form(name: list[list[tuple[str, str]]]) -> None:
    once = normalize_dn(",".join("+".join(f"{kind}={hexed(value)}" for kind, value in rdn) for rdn in name))
    assert normalize_dn(once) == once


@patient
@given(st.text(st.sampled_from('cn=a,+\\#2C "; \0é'), max_size=40) | st.text(max_size=40))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        assert normalize_dn(normalize_dn(text)) == normalize_dn(text)
    except InvalidDistinguishedName as error:
        assert error.reason.parameters["problem"]  # noqa: PT017 - either answer is right


def test_the_domain_is_spelled_by_the_dc_parts() -> None:
    assert domain_of("uid=a,ou=people,dc=planetexpress,dc=com") == "planetexpress.com"
    assert domain_of("uid=a,o=acme") == ""


@patient
@given(TEXT)
def test_a_uid_key_is_the_normal_name_of_that_uid(uid: str) -> None:
    assert normalize_dn(f"uid={hexed(uid)}") == uid_key(uid)
