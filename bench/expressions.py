"""What five typical mappings cost for one entry: `python -m bench.expressions` prints one JSON object."""

from __future__ import annotations

import json
import time

from provisor.expression import Context, compile_expression

MAPPINGS = {
    "direct": "[givenName]",
    "join": 'Join("", [mailNickname], "@contoso.com")',
    "lower": 'ToLower(Replace([userPrincipalName], "@contoso.com", , , "", , ))',
    "switch": 'Switch([country], "Other", "DE", "Germany", "FR", "France", "IT", "Italy")',
    "choice": "IIF(IsPresent([nickname]), [nickname], Coalesce([preferredName], [displayName]))",
}
PERSON = {
    "givenName": "Zoë",
    "displayName": "Zoë Berg",
    "mailNickname": "zoe.berg",
    "userPrincipalName": "Zoe.Berg@contoso.com",
    "country": "FR",
}
ENTRIES = 500
TIMES = 200  # short runs: the quickest is one that nothing interrupted


def microseconds(names: list[str]) -> float:
    """For one entry, of the quickest of many runs."""
    evaluations = [compile_expression(MAPPINGS[name]).evaluate for name in names]
    context = Context()
    best = float("inf")
    for _ in range(TIMES):
        began = time.perf_counter()
        for _ in range(ENTRIES):
            for evaluate in evaluations:
                evaluate(PERSON, context)
        best = min(best, time.perf_counter() - began)
    return round(best / ENTRIES * 1e6, 3)


def main() -> None:
    apart = {name: microseconds([name]) for name in MAPPINGS}
    print(json.dumps({"microseconds_an_entry": microseconds(list(MAPPINGS)), "of_which": apart}))


if __name__ == "__main__":
    main()
