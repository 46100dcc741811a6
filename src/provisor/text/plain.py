"""Text from elsewhere, made safe to show on one line of a terminal."""

from __future__ import annotations

import unicodedata

MAIL_LENGTH = 128
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))  # control, format, surrogate, line and paragraph separators
_SPELLED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def plain(text: str) -> str:
    """The same text with what would move, hide or reorder other text spelled out, as in `\\x1b` or `\\u202e`."""
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN:
        return character
    number = ord(character)
    if number <= 0xFF:
        return _SPELLED.get(character, f"\\x{number:02x}")
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def looks_like_mail(text: str) -> bool:
    """Could this be an e-mail address? One @, nothing invisible, at most 128 characters, a domain with a dot."""
    local, _, domain = text.partition("@")
    if not local or "@" in domain or len(text) > MAIL_LENGTH:
        return False
    if any(unicodedata.category(character)[0] in "CZ" for character in text):
        return False
    labels = domain.split(".")
    return domain == "localhost" or (len(labels) > 1 and all(labels))
