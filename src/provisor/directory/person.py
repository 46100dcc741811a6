"""From an LDAP person (RFC 2798, Active Directory, posixAccount) to a user in Microsoft Graph's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from provisor.directory.dn import domain_of, uid_key
from provisor.directory.ldap import Source
from provisor.directory.record import Fault, Record
from provisor.domain.change import Reason
from provisor.domain.resource import Value

# Graph property → LDAP names, the first that has a value wins.
NAMES: Mapping[str, tuple[str, ...]] = {
    "displayName": ("displayname", "cn"),
    "givenName": ("givenname",),
    "surname": ("sn",),
    "mail": ("mail",),
    "otherMails": ("mail",),  # all of them, until _mails has had its say
    "mailNickname": ("mailnickname", "uid"),
    "onPremisesSamAccountName": ("samaccountname",),
    "jobTitle": ("title",),
    "department": ("department", "departmentnumber", "ou"),
    "employeeId": ("employeenumber", "employeeid"),
    "employeeType": ("employeetype",),
    "businessPhones": ("telephonenumber",),
    "mobilePhone": ("mobile",),
    "city": ("l",),
    "state": ("st",),
    "postalCode": ("postalcode",),
    "country": ("c", "co"),
    "streetAddress": ("streetaddress", "street"),
    "companyName": ("company", "o"),
    "preferredLanguage": ("preferredlanguage",),
    "officeLocation": ("physicaldeliveryofficename",),
    "userPrincipalName": ("userprincipalname",),
}
LISTS = frozenset({"businessPhones", "otherMails"})

_ACCOUNTDISABLE = 2  # userAccountControl (MS-ADTS 2.2.16)
_FOR_EVER = "000001010000Z"  # pwdAccountLockedTime: locked by an administrator (draft-behera-ldap-password-policy)


def read_person(source: Source, spelling: Mapping[str, str]) -> Iterator[Record | Fault]:
    """The user, with notes on what of it could not be taken, or the one fault that keeps it out."""
    attributes = source.graph(NAMES, LISTS, spelling)
    try:
        attributes["accountEnabled"] = _enabled(source)
    except ValueError:
        yield source.fault("userAccountControl", Reason("InvalidValue"))
        return
    name = _principal_name(source)
    if name is None:
        yield source.fault("userPrincipalName", Reason("MissingValues"))
        return
    attributes["userPrincipalName"] = name
    attributes |= _mails(source)
    attributes = {name: value for name, value in attributes.items() if value not in (None, [])}
    managers, notes = source.references("manager")
    yield from notes
    yield Record(
        line=source.line,
        key=source.key,
        type="User",
        anchor=source.anchor("employeeNumber", "uid"),
        attributes=attributes,
        references={"manager": tuple(managers)[:1]} if managers else {},
        aliases=tuple(uid_key(uid) for uid in source.values.get("uid", ())),
    )


def _enabled(source: Source) -> bool:
    """Raises ValueError where userAccountControl is no number: nobody is taken for enabled by mistake."""
    status = {
        value.strip().lower() for name in ("employeestatus", "accountstatus") for value in source.values.get(name, ())
    }
    locks = {(source.first(name) or "").strip().lower() for name in ("nsaccountlock", "logindisabled")}
    return not (
        int(source.first("useraccountcontrol") or "0") & _ACCOUNTDISABLE
        or "true" in locks
        or _FOR_EVER in source.values.get("pwdaccountlockedtime", ())
        or status & {"inactive", "disabled"}
    )


def _principal_name(source: Source) -> str | None:
    if name := source.first("userprincipalname", "mail"):
        return name.strip()
    account, domain = source.first("uid", "samaccountname"), domain_of(source.key)
    return f"{account.strip()}@{domain}" if account and domain else None


def _mails(source: Source) -> dict[str, Value]:
    """The first address as `mail`, each further one once in `otherMails`; two that differ in case only are one."""
    mails: dict[str, str] = {}
    for mail in source.values.get("mail", ()):
        mails.setdefault(mail.strip().casefold(), mail.strip())
    first, others = list(mails.values())[:1], list(mails.values())[1:]
    return {"mail": first[0] if first else None, "otherMails": others}
