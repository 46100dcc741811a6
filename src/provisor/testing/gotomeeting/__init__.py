"""A strict emulation of GoTo's Admin API v1 and token endpoints; shares no code with the connector it tests.

async with GoToMeetingEmulator(Options(seats={"G2M": 3})) as goto:
    goto.inject(Fault(kind="lost-reply", method="POST", path="/users$", times=1))
    ...  # point a client at goto.url, then read goto.users, goto.mails, goto.journal, goto.requests

Where GoTo's documentation is silent the answer is a guess; the guesses that a client might lean on (who counts as a
seat, case in filters, the verb that assigns, taking a seat nobody holds, the default page) are fields of `Options`.
"""

from provisor.testing.gotomeeting.answer import Refused
from provisor.testing.gotomeeting.emulator import GoToMeetingEmulator, run
from provisor.testing.gotomeeting.fault import Fault, FaultKind
from provisor.testing.gotomeeting.licence import Group, Licence, RoleSet
from provisor.testing.gotomeeting.options import Admin, Client, Options, OtherAccount, PasswordSignIn
from provisor.testing.gotomeeting.record import Mail, Write
from provisor.testing.gotomeeting.user import Status, User

__all__ = [
    "Admin",
    "Client",
    "Fault",
    "FaultKind",
    "GoToMeetingEmulator",
    "Group",
    "Licence",
    "Mail",
    "Options",
    "OtherAccount",
    "PasswordSignIn",
    "Refused",
    "RoleSet",
    "Status",
    "User",
    "Write",
    "run",
]
