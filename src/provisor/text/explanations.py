"""Why somebody is in an app or is not, and what happens next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from provisor.text.row import Row

EXPLANATIONS: Final[Mapping[str, Row]] = {
    "ExplainedProvisioned": Row("Has account {account}, and it is as it should be."),
    "ExplainedCreate": Row("Has no account yet, and would be given one."),
    "ExplainedVanished": Row("Account {account} is no longer in the target; another one would take its place."),
    "ExplainedAdopt": Row("Account {account} is there already, and would be taken over."),
    "ExplainedUpdate": Row("Has account {account}, which would be changed."),
    "ExplainedLeaver": Row("Has account {account}, which would be disabled. Why: {why}."),
    "ExplainedDelete": Row("Has account {account}, which would be deleted. Why: {why}."),
    "ExplainedDisabled": Row("Account {account} is disabled. Why: {why}."),
    "ExplainedLeftAlone": Row("Account {account} stays as it is, though nobody is in scope. Why: {why}."),
    "ExplainedHeld": Row("A change[ of account {account}] waits for somebody to agree. Why it is meant: {why}."),
    "ExplainedWithout": Row("Has no account. Why: {why}."),
    "ExplainedStuck": Row("Has account {account}, which cannot be kept as it should be. Why: {why}."),
    "ExplainedUndecided": Row("Nobody can tell if an account is due[; account {account} stays as it is]. Why: {why}."),
    "ExplainedUnknown": Row("In scope; whether there is an account, only the target could tell."),
    "ExplainedLinked": Row("In scope, with account {account}; what is to be changed, only the target could tell."),
    # ---- what happens next ---------------------------------------------------------------------------------------
    "NextNothing": Row("Nothing, until the person, the assignment or the mapping changes."),
    "NextMend": Row("Nothing, until what is wrong is mended; the next cycle then has it."),
    "NextHeld": Row("It waits for your word: `provisor plan {app} --save` shows it, `provisor plan apply ID` does it."),
    "NextAttempt": Row("Tried again at {at}, or once the entry or the mapping changes; it failed first at {since}."),
    "NextAttemptOff": Row("Due again at {at}, with the first cycle after that: `provisor sync {app}`, or a service."),
    "NextOff": Row("Provisioning is off: it is done by `provisor sync {app}`, or once that is switched on."),
    "NextService": Row("No service runs: it is done by `provisor sync {app}`, or once one is started."),
    "NextCycle": Row("The service does it with its next cycle[, which begins by {at}]."),
}
