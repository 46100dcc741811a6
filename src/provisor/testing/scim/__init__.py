"""A SCIM 2.0 server that misbehaves on demand, and that counts; shares no code with the connector it tests.

async with ScimEmulator(Options(filter="ignored", max_results=50)) as scim:
    scim.inject(Fault(kind="lost-reply", method="POST", times=1))
    ...  # point a client at scim.url with scim.options.token, then read scim.users, scim.requests, scim.bodies
"""

from provisor.testing.scim.emulator import ScimEmulator, run
from provisor.testing.scim.fault import Fault, FaultKind
from provisor.testing.scim.options import Options

__all__ = ["Fault", "FaultKind", "Options", "ScimEmulator", "run"]
