"""Sealed secrets: who may open them, and what a failure tells."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisor.domain.error import Refused
from provisor.secret import MasterKey, Vault, redact

KEY = MasterKey(bytes(range(32)))
VAULT = Vault(KEY)
SECRET = "correct horse battery staple"


@settings(deadline=None)
@given(st.text(), st.text(), st.text())
def test_what_is_sealed_is_opened_for_the_same_owner_and_field(owner: str, field: str, text: str) -> None:
    assert VAULT.open(owner, field, VAULT.seal(owner, field, text)) == text


def test_a_blob_holds_neither_text_nor_key_and_is_never_twice_the_same() -> None:
    first, second = VAULT.seal("app", "Password", SECRET), VAULT.seal("app", "Password", SECRET)
    assert SECRET.encode() not in first
    assert KEY.material not in first
    assert first[9:] != second[9:]
    assert first[:1] == b"\x01"
    assert first[1:9].hex() == KEY.id


@pytest.mark.parametrize(
    ("owner", "field"), [("other", "Password"), ("app", "UserName"), ("appP", "assword"), ("", "")]
)
def test_a_blob_moved_to_another_owner_or_field_does_not_open(owner: str, field: str) -> None:
    blob = VAULT.seal("app", "Password", SECRET)
    with pytest.raises(Refused) as caught:
        VAULT.open(owner, field, blob)
    assert caught.value.reason.code == "SecretUnreadable"


def test_a_blob_with_any_byte_changed_or_missing_does_not_open() -> None:
    blob = VAULT.seal("app", "Password", SECRET)
    damaged = [blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :] for place in range(len(blob))]
    damaged += [blob[:length] for length in range(len(blob))] + [blob + b"\0"]
    for each in damaged:
        with pytest.raises(Refused) as caught:
            VAULT.open("app", "Password", each)
        assert caught.value.reason.code == "SecretUnreadable"


def test_another_key_opens_nothing_and_says_so_without_telling_anything() -> None:
    blob = VAULT.seal("app", "Password", SECRET)
    with pytest.raises(Refused) as caught:
        Vault(MasterKey(bytes(32))).open("app", "Password", blob)
    assert caught.value.reason.parameters == {
        "owner": "app",
        "field": "Password",
        "because": "sealed with another key",
    }
    assert caught.value.__cause__ is None


def test_a_printed_vault_or_key_shows_the_key_id_only() -> None:
    assert repr(VAULT) == f"Vault(key={KEY.id})"
    assert repr(KEY) == f"MasterKey(id='{KEY.id}')"
    assert KEY.material.hex()[:16] != KEY.id


@pytest.mark.parametrize(
    ("text", "secrets", "shown"),
    [
        ("login hunter2 failed for hunter2", ["hunter2"], "login ******** failed for ********"),
        ("hunter22", ["hunter2", "hunter22"], "********"),
        ("nothing to hide", ["", "hunter2"], "nothing to hide"),
    ],
)
def test_a_text_for_others_hides_every_secret(text: str, secrets: list[str], shown: str) -> None:
    assert redact(text, secrets) == shown
