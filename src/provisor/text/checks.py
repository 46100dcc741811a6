"""The steps of Test Connection, and the finer words for what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from provisor.text.row import Row

CHECKS: Final[Mapping[str, Row]] = {
    "SignedIn": Row("Signed in[ as {user}][ by {method}]."),
    "AdminCenterReached": Row("The admin center answers[, as to {email}]."),
    "AdminCenterScopeMissing": Row(
        "Signed in, but the admin center does not accept the OAuth client[: it lacks the scope {scope}].",
        "Add the scope to the client at developer.goto.com, and test again.",
    ),
    "AccountChosen": Row("The GoTo account is {account}[ ({name})]."),
    "AccountNotFound": Row(
        "The admin has no account[ {account}][; there is: {accounts}].",
        "Name another: `provisor app credentials APP --account-key KEY`.",
    ),
    "SeveralAccounts": Row(
        "The admin has several accounts: {accounts}.", "Say which: `provisor app credentials APP --account-key KEY`."
    ),
    "TeamAdmin": Row("The admin has Team Admin permission[: {held}]."),
    "NotTeamAdmin": Row(
        "This account does not have Team Admin permission in GoToMeeting: needed are {needed}[; held are {held}].",
        "Give the rights in the GoTo admin center, or sign in as a super admin.",
    ),
    "UsersReadable": Row("Users can be read[: there are {total}]."),
    "LicensesReadable": Row("{licenses} licences can be read[; free seats: {free}]."),
    "NoLicense": Row("The account has no licence for {products}.", "Buy one before anybody is assigned such a role."),
    "NoFreeSeats": Row("No seat is free for {products}.", "Free or buy seats; who waits is provisioned afterwards."),
}

PROBLEMS: Final[Mapping[str, str]] = {
    "AccountNotFound": "the admin has no account[ {account}][; there is: {accounts}]",
    "SeveralAccounts": "the admin has several accounts: {accounts}",
    "CertificateNotTrusted": "its certificate is not trusted",
    "ConnectTimedOut": "no connection came about in time",
    "ConnectionLost": "the connection broke off",
    "ConnectionRefused": "it refused the connection",
    "IdentityReadOnly": "its name and address are kept by another identity provider",
    "InvalidAddress": "its address is no address",
    "KeyInvalid": "{field} cannot be opened with this key",
    "LastSuperUser": "it is the last super admin of the account",
    "MissingCredential": "{credential} is not set",
    "NameNotResolved": "its name does not exist in the DNS",
    "NotHeldAfterwards": "it said yes, and the account does not hold it afterwards",
    "NotHttp": "it does not speak HTTP",
    "NotInvited": "it said yes, and there is no such account afterwards",
    "NotJson": "it sent a page for people, as a sign-in page or a proxy does",
    "NotSearchable": "accounts cannot be found by {attribute}",
    "NoSuchPath": "there is nothing at this path",
    "OffsetIgnored": "it sends the same page again and again",
    "OwnAccount": "it is the account that Provisor signs in with",
    "Redirected": "it sends us elsewhere, and credentials are not sent along",
    "Refused": "the sign-in was refused",
    "RoleGivesNothing": "the role gives neither a product nor an admin role",
    "SecretUnreadable": "{field} cannot be opened with this key",
    "Stopping": "Provisor is stopping",
    "TimedOut": "no answer came in time",
    "TlsFailed": "no encrypted connection came about",
    "TooLarge": "the answer is too large",
    "TransferPending": "the person has to agree to join the account first",
    "Truncated": "the answer was cut off",
    "UnexpectedJson": "the answer has another form than documented",
    "UnknownAttribute": "the target has no such attribute",
    "UnknownRole": "the app has no such role",
    "invalid_client": "the OAuth client id or its secret is wrong",
    "invalid_grant": "the user name or the password is wrong, or a second factor is asked for",
    "invalid_request": "the token service did not understand the request",
    "invalid_scope": "the token service does not give this scope",
    "is not set": "{field} is not set",
}
