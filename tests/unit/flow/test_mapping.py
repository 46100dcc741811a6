"""What a mapping does to values: when it applies, what it clears, what it leaves alone, and what fits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from provisor.domain.assignment import AppRole
from provisor.domain.change import Adopt, Change, Create, Difference, Disputed, Reason, Skip, Update
from provisor.domain.error import EntryError, InvalidValue, NotFound, Rejected, Unavailable, ValueTooLong
from provisor.domain.resource import Account, Entry, Link, Value
from provisor.domain.schema import AttributeDefinition, AttributeMapping, ObjectMapping
from provisor.expression import Context
from provisor.flow.in_scope import InScope
from provisor.flow.map import Desired, LeftOut, MappingProgram, compile_mapping, fitting, map_entry
from provisor.flow.match import match
from provisor.flow.plan import plan, plan_left_out
from provisor.flow.push.line import without_redacted
from provisor.flow.record import record, record_doubt, record_refusal
from provisor.ledger import Line

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
SCOPE = InScope((AppRole("r1", "user", "User"),))
KEY = AttributeMapping("userName", "[mail]", matching_priority=1)
NAME = AttributeDefinition("userName", required=True)


def program(
    *mappings: AttributeMapping, attributes: tuple[AttributeDefinition, ...] = (), **how: Any
) -> MappingProgram:
    mapping = ObjectMapping("Users", "User", "User", (NAME, *attributes), (KEY, *mappings))
    return compile_mapping(mapping, **how)


def person(**attributes: Any) -> Entry:
    return Entry("p1", "User", {"mail": "ada@x.example", "accountEnabled": True, **attributes})


def decide(
    one: MappingProgram, entry: Entry, link: Link | None = None, found: tuple[Account, ...] = (), **context: Any
) -> Change:
    desired = map_entry(entry, SCOPE, one, Context(**context))
    if isinstance(desired, LeftOut):
        return plan_left_out(entry, desired)
    return plan(entry, desired, match(entry, link, found, {}), one)


def carried_out(change: Change, target_id: str = "a1", **shown: Value) -> Link:
    """The link that is left once the target has done it; it shows what it was given, and what `shown` says."""
    match change.action:
        case Create(desired):
            held = {**desired, **shown}
        case Adopt(account, _, differences):
            held = {**account.attributes, **{one.attribute: one.new for one in differences}, **shown}
        case Update(link, _, differences):
            held = {**(link.seen or link.sent), **{one.attribute: one.new for one in differences}, **shown}
        case _:
            raise AssertionError(change)
    left = record(Line(1, change, None), Account(target_id, held), NOW, NOW).link
    assert left is not None
    return left


def differences(change: Change) -> tuple[Difference, ...]:
    assert isinstance(change.action, Update | Adopt), change
    return change.action.differences


# ---- what is required ----------------------------------------------------------------------------------------------


def test_nobody_is_to_give_what_the_target_makes_itself() -> None:
    made = AttributeDefinition("id", required=True, mutability="ReadOnly")
    assert isinstance(decide(program(attributes=(made,)), person()).action, Create)


# ---- when it applies ------------------------------------------------------------------------------------------------


def test_what_applies_on_creation_only_is_no_change_later() -> None:
    one = program(AttributeMapping("title", "[jobTitle]", "ObjectAddOnly"))
    link = carried_out(decide(one, person(jobTitle="Clerk")))
    assert link.sent["title"] == "Clerk"
    assert decide(one, person(jobTitle="Boss"), link).action == Skip()


def test_values_are_added_to_what_the_target_holds_and_never_taken_away() -> None:
    one = program(
        AttributeMapping("tags", 'Split([department], ",")', "MultiValueAddOnly"),
        attributes=(AttributeDefinition("tags", multivalued=True),),
    )
    there = Account("a1", {"userName": "ada@x.example", "tags": ["vip", "b"]})
    adopted = decide(one, person(department="a,B"), found=(there,))
    assert differences(adopted) == (Difference("tags", ["vip", "b"], ["vip", "b", "a"], adds=True),)
    assert differences(adopted)[0].added == ["a"]
    link = carried_out(adopted)
    assert decide(one, person(department="a,B"), link).action == Skip()
    assert decide(one, person(department="a"), link).action == Skip()
    assert decide(one, person(), link).action == Skip()
    more = decide(one, person(department="c"), link)
    assert differences(more)[0].added == ["c"]
    assert set(carried_out(more).sent["tags"] or ()) == {"vip", "b", "a", "c"}  # type: ignore[arg-type]


def test_a_new_account_is_given_the_values_that_are_only_ever_added() -> None:
    one = program(
        AttributeMapping("tags", "[department]", "MultiValueAddOnly"),
        attributes=(AttributeDefinition("tags", multivalued=True),),
    )
    link = carried_out(decide(one, person(department="a")))
    assert link.sent["tags"] == ["a"]
    assert decide(one, person(department="A"), link).action == Skip()


# ---- nothing in the source ------------------------------------------------------------------------------------------

CLEARING = AttributeMapping("title", "[jobTitle]", flow_null_values=True)


def test_an_empty_source_value_clears_the_target_where_an_admin_chose_it() -> None:
    one = program(CLEARING)
    link = carried_out(decide(one, person(jobTitle="Clerk")))
    change = decide(one, person(jobTitle=""), link)
    assert differences(change) == (Difference("title", "Clerk", None),)
    cleared = carried_out(change)
    assert cleared.sent["title"] is None
    assert decide(one, person(), cleared).action == Skip()
    assert differences(decide(one, person(jobTitle="Boss"), cleared)) == (Difference("title", None, "Boss"),)


def test_an_empty_source_value_is_left_alone_otherwise() -> None:
    one = program(AttributeMapping("title", "[jobTitle]"))
    link = carried_out(decide(one, person(jobTitle="Clerk")))
    assert decide(one, person(), link).action == Skip()


def test_an_account_that_is_taken_over_is_cleared_of_what_it_has() -> None:
    there = Account("a1", {"userName": "ada@x.example", "title": "Old"})
    change = decide(program(CLEARING), person(), found=(there,))
    assert differences(change) == (Difference("title", "Old", None),)
    bare = Account("a1", {"userName": "ada@x.example", "title": ""})
    assert differences(decide(program(CLEARING), person(), found=(bare,))) == ()


def test_nothing_is_cleared_in_a_new_account() -> None:
    action = decide(program(CLEARING), person()).action
    assert action == Create({"userName": "ada@x.example"})


def test_a_default_fills_a_new_account_and_clearing_empties_an_old_one() -> None:
    one = program(AttributeMapping("title", "[jobTitle]", default="Staff", flow_null_values=True))
    made = decide(one, person())
    assert made.action == Create({"title": "Staff", "userName": "ada@x.example"})
    link = carried_out(decide(one, person(jobTitle="Clerk")))
    assert differences(decide(one, person(), link)) == (Difference("title", "Clerk", None),)


@pytest.mark.parametrize("default", [None, "Staff"])
def test_a_required_attribute_is_never_cleared(default: str | None) -> None:
    one = program(
        AttributeMapping("title", "[jobTitle]", default=default, flow_null_values=True),
        attributes=(AttributeDefinition("title", required=True),),
    )
    link = carried_out(decide(one, person(jobTitle="Clerk")))
    change = decide(one, person(), link)
    assert change.action == Skip("failed")
    assert change.reason == Reason("MissingValues", {"attribute": "title", "source": "[jobTitle]"})


def test_what_was_to_be_cleared_and_nobody_answered_is_cleared_again() -> None:
    one = program(CLEARING)
    change = decide(one, person(), carried_out(decide(one, person(jobTitle="Clerk"))))
    link = record_doubt(Line(1, change, None), Unavailable(), NOW, NOW).link
    assert differences(decide(one, person(), link)) == (Difference("title", "Clerk", None),)


def test_what_was_forgotten_is_cleared_again_to_be_sure() -> None:
    link = Link("p1", "a1", {}, None, True, {}, NOW)
    assert Difference("title", None, None) in differences(decide(program(CLEARING), person(), link))


# ---- what the target lets be written --------------------------------------------------------------------------------


@pytest.mark.parametrize("mutability", ["ReadOnly", "Immutable", "WriteOnly"])
def test_what_the_target_lets_be_written_is_written_and_no_more(mutability: Any) -> None:
    one = program(
        AttributeMapping("title", "[jobTitle]"), attributes=(AttributeDefinition("title", mutability=mutability),)
    )
    made = decide(one, person(jobTitle="Clerk"))
    assert isinstance(made.action, Create)
    assert ("title" in made.action.desired) is (mutability != "ReadOnly")
    later = decide(one, person(jobTitle="Boss"), carried_out(made))
    assert isinstance(later.action, Update) is (mutability == "WriteOnly")


def test_what_the_target_never_shows_is_not_compared_with_what_it_shows() -> None:
    one = program(
        AttributeMapping("secret", "[jobTitle]"), attributes=(AttributeDefinition("secret", mutability="WriteOnly"),)
    )
    made = decide(one, person(jobTitle="x"))
    assert isinstance(made.action, Create)
    link = record(Line(1, made, None), Account("a1", {"userName": "ada@x.example"}), NOW, NOW).link
    assert decide(one, person(jobTitle="x"), link).action == Skip()
    adopted = decide(one, person(jobTitle="x"), found=(Account("a1", {"userName": "ada@x.example"}),))
    assert differences(adopted) == (Difference("secret", None, "x"),), "only writing it makes sure"


# ---- change, as each attribute compares -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definition", "old", "new", "changed"),
    [
        (AttributeDefinition("a"), "ADA", "ada", False),
        (AttributeDefinition("a", case_exact=True), "ADA", "ada", True),
        (AttributeDefinition("a", "Reference"), "ADA", "ada", True),
        (AttributeDefinition("a", "Binary"), "YQ==", "Yg==", True),
        (AttributeDefinition("a", "Boolean"), "TRUE", True, False),
        (AttributeDefinition("a", "Boolean"), False, True, True),
        (AttributeDefinition("a", "Integer"), "7", 7, False),
        (AttributeDefinition("a", "DateTime"), "2026-01-05T10:00:00.000Z", "2026-01-05T11:00:00+01:00", False),
        (AttributeDefinition("a", "DateTime"), "2026-01-05T10:00:00Z", "2026-01-05T10:00:01Z", True),
        (AttributeDefinition("a", multivalued=True), ["b", "A"], ["a", "B"], False),
        (AttributeDefinition("a", multivalued=True, case_exact=True), ["b", "A"], ["a", "B"], True),
    ],
)
def test_an_attribute_says_itself_what_a_difference_is(
    definition: AttributeDefinition, old: Any, new: Any, changed: bool
) -> None:
    one = program(AttributeMapping("a", "[x]"), attributes=(definition,))
    there = Account("a1", {"userName": "ada@x.example", "a": old})
    assert bool(differences(decide(one, person(x=new), found=(there,)))) is changed


def test_a_role_sent_as_an_object_is_the_one_that_the_target_shows_by_its_value() -> None:
    one = program(
        AttributeMapping("roles", "AppRoleAssignmentsComplex([appRoleAssignments])"),
        attributes=(AttributeDefinition("roles", multivalued=True),),
    )
    change = decide(one, person(), found=(Account("a1", {"userName": "ada@x.example", "roles": ["user"]}),))
    assert differences(change) == ()
    made = decide(one, person()).action
    assert isinstance(made, Create)
    assert made.desired["roles"] == [
        '{"displayName":"User","primary":false,"type":"WindowsAzureActiveDirectoryRole","value":"user"}'
    ]


# ---- values that fit, and those that do not -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "given", "taken"),
    [
        ("Boolean", "true", True),
        ("Boolean", False, False),
        ("Integer", " 12 ", 12),
        ("Integer", "-9223372036854775807", -(2**63) + 1),
        ("DateTime", "7/2/2021 3:33:38 PM", "2021-07-02T15:33:38Z"),
        ("DateTime", "2021-07-02T15:33:38.5+02:00", "2021-07-02T15:33:38.5+02:00"),
        ("DateTime", "2021-07-02", "2021-07-02T00:00:00Z"),
        ("Binary", "YWRh", "YWRh"),
        ("Reference", "https://x.example/1", "https://x.example/1"),
        ("String", True, "True"),
        ("String", "", None),
        ("String", [], None),
    ],
)
def test_a_value_that_fits_is_taken(kind: Any, given: Any, taken: Value) -> None:
    assert fitting(AttributeDefinition("a", kind))(given) == taken


@pytest.mark.parametrize(
    ("kind", "given", "problem"),
    [
        ("Boolean", "yes", "NotBoolean"),
        ("Boolean", 1, "NotBoolean"),
        ("Integer", "1.5", "NotInteger"),
        ("Integer", "1_000", "NotInteger"),
        ("Integer", "٣", "NotInteger"),
        ("Integer", "9" * 19, "NotInteger"),
        ("Integer", "9" * 5000, "NotInteger"),
        ("Integer", True, "NotInteger"),
        ("DateTime", "tomorrow", "NotDate"),
        ("DateTime", "2021-02-30", "NotDate"),
        ("Binary", "not base64!", "NotBase64"),
        ("Binary", "ä", "NotBase64"),
        ("String", ["a", "b"], "SeveralValues"),
        ("Integer", ["1"], "SeveralValues"),
    ],
)
def test_a_value_that_does_not_fit_is_the_entrys_error_and_names_the_mapping(
    kind: Any, given: Any, problem: str
) -> None:
    one = program(AttributeMapping("a", "[x]"), attributes=(AttributeDefinition("a", kind),))
    with pytest.raises(InvalidValue) as caught:
        map_entry(person(x=given), SCOPE, one)
    assert caught.value.reason.parameters["attribute"] == "a"
    assert caught.value.reason.parameters["problem"] == problem


def test_each_of_several_values_must_fit() -> None:
    several = fitting(AttributeDefinition("a", "Integer", multivalued=True))
    assert several(["1", "", " 2"]) == ["1", "2"]
    assert several("3") == ["3"]
    assert several([""]) is None
    with pytest.raises(InvalidValue):
        several(["1", "x"])
    with pytest.raises(ValueTooLong):
        fitting(AttributeDefinition("a", multivalued=True, max_length=2))(["ab", "abc"])


def test_an_expression_that_fails_names_its_mapping_and_the_reason() -> None:
    one = program(AttributeMapping("title", 'DateAdd("d", 1, [hired])'))
    with pytest.raises(InvalidValue) as caught:
        map_entry(person(hired="tomorrow"), SCOPE, one)
    assert caught.value.reason.parameters == {
        "attribute": "title",
        "function": "DateAdd",
        "expected": "a date",
        "found": "another text",
    }


# ---- controls -------------------------------------------------------------------------------------------------------


def test_an_attribute_whose_flow_is_ignored_is_left_alone_this_time() -> None:
    one = program(AttributeMapping("title", 'IIF([country]="DE", IgnoreAttributeFlow, [jobTitle])', default="Staff"))
    link = carried_out(decide(one, person(jobTitle="Clerk", country="FR")))
    assert decide(one, person(jobTitle="Boss", country="DE"), link).action == Skip()
    assert isinstance(decide(one, person(jobTitle="Boss", country="FR"), link).action, Update)
    made = decide(one, person(country="DE")).action
    assert made == Create({"userName": "ada@x.example"}), "not even the default is sent"


def test_a_flow_that_is_ignored_where_it_is_empty_clears_nothing() -> None:
    one = program(AttributeMapping("title", "IgnoreFlowIfNullOrEmpty([jobTitle])", flow_null_values=True))
    link = carried_out(decide(one, person(jobTitle="Clerk")))
    assert decide(one, person(), link).action == Skip()


def test_a_required_attribute_may_be_left_alone_in_an_account_and_not_in_a_new_one() -> None:
    one = program(
        AttributeMapping("title", "IgnoreFlowIfNullOrEmpty([jobTitle])"),
        attributes=(AttributeDefinition("title", required=True),),
    )
    link = carried_out(decide(one, person(jobTitle="Clerk")))
    assert decide(one, person(), link).action == Skip()
    assert decide(one, person()).reason.code == "MissingValues"


@pytest.mark.parametrize("target", ["objectFilter", "title"])
def test_an_entry_that_a_mapping_leaves_out_is_skipped_with_the_reason(target: str) -> None:
    one = program(AttributeMapping(target, 'IIF([country]="DE", IgnoreObjectFlow, "False")'))
    change = decide(one, person(country="DE"))
    assert (change.action, change.reason) == (Skip("skipped"), Reason("LeftOutByMapping", {"attribute": target}))
    made = decide(one, person(country="FR")).action
    assert isinstance(made, Create)
    assert ("objectFilter" in made.desired) is False, "it is no attribute of a target"


def test_a_time_is_told_from_outside() -> None:
    one = program(AttributeMapping("title", 'DateAdd("d", 1, Now())'))
    action = decide(one, person(), now=NOW).action
    assert isinstance(action, Create)
    assert action.desired["title"] == "1/6/2026 12:00:00 PM"


def test_what_must_be_unique_is_chosen_at_creation_and_kept() -> None:
    one = program(AttributeMapping("alias", "SelectUniqueValue([mailNickname], [mail])"))
    desired = map_entry(person(mailNickname="ada"), SCOPE, one)
    assert isinstance(desired, Desired)
    assert desired.left == ["alias"], "nothing is asked of the target before it is known that there is no account"
    link = Link("p1", "a1", {"userName": "ada@x.example", "alias": "ada"}, None, True, {}, NOW)
    assert decide(one, person(mailNickname="countess"), link).action == Skip()


# ---- values that nobody may see -------------------------------------------------------------------------------------

PIN = "4711-secret"


def redacting(**more: Any) -> MappingProgram:
    definition = AttributeDefinition("pin", **more)
    return program(
        AttributeMapping("pin", "Redact([pin])"), attributes=(definition,), seal=lambda text: f"#{hash(text)}"
    )


def test_a_redacted_value_is_sent_and_shown_nowhere() -> None:
    made = decide(redacting(), person(pin=PIN))
    assert isinstance(made.action, Create)
    assert made.action.desired["pin"] == PIN
    outcome = record(Line(1, made, None), Account("a1", made.action.desired), NOW, NOW)
    assert outcome.log.detail.created == {"userName": "ada@x.example", "pin": "[Redact]"}
    assert PIN not in repr(outcome)
    assert outcome.link is not None
    assert decide(redacting(), person(pin=PIN), outcome.link).action == Skip()
    moved = decide(redacting(), person(pin="0815-secret"), outcome.link)
    assert differences(moved) == (Difference("pin", None, "0815-secret"),)
    updated = record(Line(1, moved, None), Account("a1", {"pin": "0815-secret"}), NOW, NOW)
    assert updated.log.detail.changed == (Difference("pin", None, "[Redact]"),)
    assert "0815-secret" not in repr(updated)


def test_a_redacted_value_that_the_target_shows_is_shown_nowhere_else() -> None:
    there = Account("a1", {"userName": "ada@x.example", "pin": "old-secret"})
    adopted = decide(redacting(), person(pin=PIN), found=(there,))
    assert differences(adopted) == (Difference("pin", "old-secret", PIN),)
    outcome = record(Line(1, adopted, None), Account("a1", {**there.attributes, "pin": PIN}), NOW, NOW)
    assert outcome.log.detail.changed == (Difference("pin", "[Redact]", "[Redact]"),)
    assert "secret" not in repr(outcome)


@pytest.mark.parametrize(
    ("value", "said"),
    [('pin"with\\signs', r"no: pin\"with\\signs is bad"), (PIN, f"no: {PIN.upper()}"), (PIN, f"no: {PIN[:6]}")],
    ids=["escaped", "in another case", "cut off"],
)
def test_what_a_target_says_in_its_own_way_of_a_redacted_value_is_hidden(value: str, said: str) -> None:
    made = decide(redacting(), person(pin=value))
    hidden = without_redacted(Rejected(said=said, account="a1").reason, [Line(1, made, None)])
    assert hidden.parameters["said"].startswith("no: [Redact]")
    assert value.casefold() not in hidden.parameters["said"].casefold()


def test_what_a_target_says_of_a_redacted_value_is_hidden() -> None:
    made = decide(redacting(), person(pin=PIN))
    error = Rejected(said=f"pin {PIN} is too easy", account="a1")
    line = Line(1, made, None)
    error.reason = without_redacted(error.reason, [line])
    outcome = record_refusal(line, error, NOW, NOW)
    assert outcome.log.reason.parameters == {"said": "pin [Redact] is too easy", "account": "a1"}
    assert PIN not in repr(outcome)


@pytest.mark.parametrize("more", [{"type": "Boolean"}, {"max_length": 3}, {"type": "Binary"}])
def test_a_redacted_value_that_does_not_fit_is_not_in_the_error(more: dict[str, Any]) -> None:
    with pytest.raises(EntryError) as caught:
        map_entry(person(pin=PIN), SCOPE, redacting(**more))
    assert caught.value.reason.parameters["attribute"] == "pin"
    assert PIN not in str(caught.value)


def test_a_vanished_account_is_unlinked_and_looked_for_again() -> None:
    one = program(AttributeMapping("title", "[jobTitle]"))
    change = decide(one, person(jobTitle="Boss"), carried_out(decide(one, person(jobTitle="Clerk"))))
    outcome = record_refusal(Line(1, change, None), NotFound(account="a1"), NOW, NOW)
    assert (outcome.unlink, outcome.retry) == (True, "next cycle")


def test_a_dispute_is_a_skip_whatever_is_to_be_cleared() -> None:
    desired = map_entry(person(), SCOPE, program(CLEARING))
    assert isinstance(desired, Desired)
    assert plan(person(), desired, Disputed(Reason("x")), program(CLEARING)).action == Skip("disputed", "matching")
