"""The steps of Test Connection, and the finer words for what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from provisor.text.filters import FILTER_PROBLEMS
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
    "TokenReady": Row("There is a token to sign in with."),
    "ServiceProviderConfigRead": Row("The app says that it supports: {offers}[; users in bulk: {bulk}]."),
    "ServiceProviderConfigMissing": Row(
        "The app does not say what it supports (/ServiceProviderConfig): PATCH and filters are assumed, bulk is not.",
        "Nothing, if it works; otherwise see the switches in docs/reference/scim.md.",
    ),
    "ResourceTypesRead": Row("Its resource types are: {names}."),
    "ResourceTypesMissing": Row("It does not list its resource types (/ResourceTypes): users at /Users are assumed."),
    "SchemasRead": Row("Its schemas are: {names}."),
    "SchemasMissing": Row("It does not list its schemas (/Schemas): every attribute of the mapping is sent."),
    "FilterHonest": Row("It finds users by {attribute}."),
    "FilterNotUsed": Row("Users are found by listing all, as the profile says."),
    "FilterIgnored": Row(
        "It ignores filters by {attribute}: users are found by listing all.",
        "Nothing; `provisor app settings APP filter=false` saves the attempt.",
    ),
    "FilterNotTaken": Row(
        "It does not take a filter by {attribute}[; it said: {said}]: users are found by listing all.",
        "Nothing; `provisor app settings APP filter=false` saves the attempt.",
    ),
    "UsersReadable": Row("Users can be read[: there are {total}]."),
    "LicensesReadable": Row("{licenses} licences can be read[; free seats: {free}]."),
    "NoLicense": Row("The account has no licence for {products}.", "Buy one before anybody is assigned such a role."),
    "NoFreeSeats": Row("No seat is free for {products}.", "Free or buy seats; who waits is provisioned afterwards."),
}

PROBLEMS: Final[Mapping[str, str]] = {
    **FILTER_PROBLEMS,
    "AccountNotFound": "the admin has no account[ {account}][; there is: {accounts}]",
    "SeveralAccounts": "the admin has several accounts: {accounts}",
    "BulkBrokeOff": "an earlier part of the same bulk request failed",
    "CertificateNotTrusted": "its certificate is not trusted",
    "ConnectTimedOut": "no connection came about in time",
    "ConnectionLost": "the connection broke off",
    "ConnectionRefused": "it refused the connection",
    "CredentialsChanged": "its credentials were changed while this connection was open, which is used no further",
    "HiddenAccount": "the target says that there is such an account, and shows nobody",
    "EntryLeftOut": "its expression leaves the whole entry out",
    "IdentityReadOnly": "its name and address are kept by another identity provider",
    "InvalidAddress": "its address is no address",
    "KeyInvalid": "{field} cannot be opened with this key",
    "LastSuperUser": "it is the last super admin of the account",
    "ListingIncomplete": "it lists {listed} accounts and says that it has {total}",
    "MissingCredential": "{credential} is not set",
    "NameNotResolved": "its name does not exist in the DNS",
    "NoId": "it shows a user without an id",
    "NoList": "it answers in JSON, and not with a SCIM list",
    "NoSignIn": "neither {field} nor {other} are set",
    "NoUniqueValue": "every value that its expression proposes is taken in the target",
    "NotAnswered": "the answer says nothing of this account",
    "NotHeldAfterwards": "it said yes, and the account does not hold it afterwards",
    "NotHttp": "it does not speak HTTP",
    "NotInvited": "it said yes, and there is no such account afterwards",
    "NotJson": "it sent a page for people, as a sign-in page or a proxy does",
    "NotShown": "it said yes, and does not show the account yet",
    "NotToldHere": "what it asks for is not known here",
    "NotSearchable": "accounts cannot be found by {attribute}",
    "NoSuchPath": "there is nothing at this path",
    "OtherUser": "it shows another user than the one that was asked for",
    "OffsetIgnored": "it sends the same page again and again",
    "OutOfTime": "the date is outside of the years 1 to 9999",
    "OwnAccount": "it is the account that Provisor signs in with",
    "PatternTimedOut": "its regular expression takes too long with this value",
    "Redirected": "it sends us elsewhere, and credentials are not sent along",
    "Refused": "the sign-in was refused",
    "RoleGivesNothing": "the role gives neither a product nor an admin role",
    "SecretUnreadable": "{field} cannot be opened with this key",
    "SwitchInvalid": "{field} cannot be {value}: it takes {known}",
    "Stopping": "Provisor is stopping",
    "TimedOut": "no answer came in time",
    "TlsFailed": "no encrypted connection came about",
    "TooLarge": "the answer is too large",
    "TokenRefused": "the secret token is wrong, or has expired",
    "TooLong": "the result is too long",
    "TooSlow": "the expressions of this entry take too long",
    "TransferPending": "the person has to agree to join the account first",
    "Truncated": "the answer was cut off",
    "UnexpectedJson": "the answer has another form than documented",
    "UnknownAttribute": "the target has no such attribute",
    "UnknownSwitch": "the profile has no switch {field}; there are {known}",
    "UnknownRole": "the app has no such role",
    "invalid_client": "the OAuth client id or its secret is wrong",
    "invalid_grant": "the user name, the password or the token is wrong or has ended, or a second factor is asked for",
    "invalid_request": "the token service did not understand the request",
    "invalid_scope": "the token service does not give this scope",
    "is not set": "{field} is not set",
}
