"""Expressions tried out on people, on attributes and by files of cases."""

from __future__ import annotations

import json
import re
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.journey.command import EXAMPLES, Command
from tests.world import APP, World, ldif_group, ldif_person, remap

from provisor.app import default_domain, expressions, mappings, people
from provisor.domain.error import InvalidValue, Refused
from provisor.domain.schema import AttributeDefinition, AttributeMapping
from provisor.expression import Control, ExpressionError
from provisor.schema.edit import add_attribute, mapping_of, put
from provisor.text import describe

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "unit" / "expression" / "vectors.json"
GUIDE = ROOT / "docs" / "how-to" / "map-attributes.md"
BLOCK = re.compile(r"^```console run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FAULT = re.compile(r"^```text\n\$ (provisor expression eval .*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SKIPPED = "IgnoreObjectFlow: the whole person is skipped: no account is made, and one that is there stays as it is."
ADA = "ada@corp.example"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def ada(world: World) -> World:
    """Ada is an organizer by being in a group; nobody has an account yet."""
    people_ = ldif_person("ada", departmentNumber="Sales") + ldif_person("bob")
    await world.import_text(people_ + ldif_group("all", ["ada"]))
    await world.connect()
    await world.assign_group("all")
    return world


async def result_for(world: World, text: str, **others: Any) -> Any:
    return (await expressions.evaluate_for(world.installation, text, ADA, **others)).result


# ---- one expression on somebody -------------------------------------------------------------------------------------


async def test_an_expression_is_evaluated_with_what_the_directory_holds_of_somebody(ada: World) -> None:
    assert await result_for(ada, 'Join("/", [givenName], [department], [IsSoftDeleted])') == "Ada/Sales/False"
    await people.act(ada.installation, "disable", "User", ADA)
    assert await result_for(ada, "[IsSoftDeleted]") is True


async def test_it_gives_what_a_cycle_sends(ada: World) -> None:
    text = (
        'Join("/", Left([objectId], 4), [IsSoftDeleted], SingleAppRoleAssignment([appRoleAssignments]), [department])'
    )
    await remap(ada.installation, APP, AttributeMapping("lastName", text))
    await ada.sync()
    [account] = [user for user in ada.emulator.users if user.email == ADA]
    assert account.last_name == await result_for(ada, text, app=APP)
    assert account.last_name.endswith("/False/organizer/Sales")


async def test_roles_are_those_of_the_app_that_is_named(ada: World) -> None:
    assert await result_for(ada, "[appRoleAssignments]", app=APP) == ["organizer"]
    [role] = await result_for(ada, "AppRoleAssignmentsComplex([appRoleAssignments])", app=APP)
    assert role["value"] == "organizer"
    without = await expressions.evaluate_for(ada.installation, "[appRoleAssignments]", ADA)
    assert (without.result, without.missing) == ([], ["appRoleAssignments"])


async def test_what_nobody_has_is_refused_and_what_only_others_have_is_missing(ada: World) -> None:
    with pytest.raises(ExpressionError) as caught:
        await result_for(ada, "[departmnt]")
    assert caught.value.reason.code == "UnknownAttribute"
    assert caught.value.reason.parameters["suggestion"] == "department"
    with pytest.raises(ExpressionError):
        await result_for(ada, "[extension_roomNumber]")
    await ada.import_text(ldif_person("carl", roomNumber="42"))
    found = await expressions.evaluate_for(ada.installation, 'Join("", [employeeId], [extension_roomNumber])', ADA)
    assert found.missing == ["employeeId", "extension_roomNumber"]


async def test_an_attribute_that_was_added_to_the_app_is_known(ada: World) -> None:
    schema = (await mappings.get(ada.installation, APP)).schema
    mapping = add_attribute(mapping_of(schema, "User"), "source", AttributeDefinition("extension_badge"))
    await mappings.save(ada.installation, APP, put(schema, mapping))
    assert await result_for(ada, "[extension_badge]", app=APP) is None
    with pytest.raises(ExpressionError):
        await result_for(ada, "[extension_badge]")


async def test_the_default_domain_is_the_one_of_the_directory(ada: World) -> None:
    with pytest.raises(InvalidValue):
        await result_for(ada, "DefaultDomain()")
    await default_domain.change(ada.installation, "corp.example")
    assert await result_for(ada, "DefaultDomain()") == "corp.example"


async def test_a_unique_value_is_the_first_that_is_not_said_to_be_taken(ada: World) -> None:
    text = 'SelectUniqueValue([mailNickname], Append([mailNickname], "2"))'
    assert await result_for(ada, text) == "ada"
    assert await result_for(ada, text, taken=["ada"]) == "ada2"
    assert await result_for(ada, text, taken=["ada", "ada2"]) is Control.ESCROW


async def test_a_redacted_value_is_hidden_and_a_control_is_not(ada: World) -> None:
    assert await result_for(ada, "Redact([department])") == "[Redact]"
    assert await result_for(ada, "Redact(IgnoreFlowIfNullOrEmpty([city]))") is Control.IGNORE_FLOW


async def test_an_expression_that_fails_says_why_and_not_with_what(ada: World) -> None:
    with pytest.raises(InvalidValue) as caught:
        await result_for(ada, "CDate([department])")
    assert "Sales" not in describe(caught.value.reason)


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("given", "code", "named"),
    [
        ("[1]", "SourceInvalid", "array"),
        ('{"mail": "x", "age": 1.5}', "SourceInvalid", "age"),
        ('{"name": {"first": "x"}}', "SourceInvalid", "name"),
        ('{"mail":\n\n "x",,}', "FileNotJson", "line 3"),
        ("", "FileNotJson", "it.json"),
    ],
)
def test_attributes_that_cannot_be_used_are_named(given: str, code: str, named: str) -> None:
    with pytest.raises(Refused) as caught:
        expressions.read_source(given.encode(), "it.json")
    assert caught.value.reason.code == code
    assert named in describe(caught.value.reason)


# ---- files of cases -------------------------------------------------------------------------------------------------


def failing(cases: object) -> list[str]:
    """The ids of those that fail, in a directory whose default domain is contoso.com."""
    found = expressions.read_cases(json.dumps(cases).encode(), "it.json")
    tried = expressions.run_cases(found, expressions.context(NOW, "contoso.com"))
    return [one.case.id for one in tried if not one.outcome.passed]


@pytest.mark.one_database
def test_documented_examples_pass_but_for_the_one_deviation() -> None:
    vectors = json.loads(VECTORS.read_text("utf-8"))
    assert {one["confidence"] for one in vectors} == {"stated", "derived", "conflict"}
    assert failing(vectors) == ["Grammar-03"]  # names of functions are written in any case


@pytest.mark.one_database
def test_what_a_page_prints_against_its_own_rules_is_reported_as_failed() -> None:
    printed = [one | {"expected": one["doc_stated"]} for one in json.loads(VECTORS.read_text()) if "doc_stated" in one]
    agreeing = {one["id"] for one in printed} - set(failing(printed))
    assert (len(printed), agreeing) == (68, {"Coalesce-06"})  # there, both are right


@pytest.mark.one_database
@pytest.mark.parametrize("name", ["cases", "vectors"])
def test_cases_may_be_a_member_of_an_object(name: str) -> None:
    cases = [{"id": "a", "expression": "1", "expected": 1}, {"id": "b", "expression": "1", "expected": 2}]
    assert failing({"about": "numbers", name: cases}) == ["b"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("given", "code", "named"),
    [
        ("[]", "CasesMissing", ["it.json"]),
        ("{}", "CasesMissing", ["it.json"]),
        ('{"cases": {}}', "CasesMissing", ["it.json"]),
        ("3", "CasesMissing", ["it.json"]),
        ('[{"expression": "1", "expected": 1},\n {"expression": }]', "FileNotJson", ["it.json", "line 2"]),
        ("[" * 100_000, "FileNotJson", ["it.json", "nested"]),
        ('[{"expression": "1", "expected": 1}, 7]', "CaseInvalid", ["it.json", "number 2"]),
        ('[{"id": "first", "expression": "1", "result": 1}]', "CaseInvalid", ["number 1", "first", "expected"]),
        ('[{"id": "first", "expected": 1}]', "CaseInvalid", ["number 1", "first", "expression"]),
        ('[{"id": 5, "expression": "1", "expected": 1}]', "CaseInvalid", ["number 1", "5", "$.id"]),
        ('[{"expression": "1", "source": {"a": "", "b": {}}, "expected": 1}]', "CaseInvalid", ["number 1", "b"]),
    ],
)
def test_a_broken_file_is_refused_with_its_name_and_the_place(given: str, code: str, named: list[str]) -> None:
    with pytest.raises(Refused) as caught:
        expressions.read_cases(given.encode(), "it.json")
    assert caught.value.reason.code == code
    told = describe(caught.value.reason)
    assert [one for one in named if one not in told] == []


# ---- the commands ---------------------------------------------------------------------------------------------------


@pytest.fixture
def provisor(tmp_path: Path) -> Command:
    return Command(tmp_path / "home")


@pytest.mark.one_database
async def test_the_commands_of_the_guide_work_as_they_are_written(provisor: Command) -> None:
    await provisor.done("directory", "import", str(EXAMPLES / "company.ldif"))
    lines = [line for block in BLOCK.findall(GUIDE.read_text("utf-8")) for line in block.splitlines()]
    said = {line: (await provisor.done(*shlex.split(line)[1:])).out for line in lines}
    named, unique, default, tested = said.values()
    assert (named, unique, tested) == ("Holloway, Hamza\n", "hamza2\n", "8 passed, 0 failed\n")
    assert json.loads(default) == {"value": "nobody"}


@pytest.mark.one_database
async def test_the_fault_of_the_guide_is_shown_as_it_is_there(provisor: Command) -> None:
    [(typed, shown)] = FAULT.findall(GUIDE.read_text("utf-8"))
    result = await provisor(*shlex.split(typed)[1:])
    assert (result.code, result.out, result.err) == (1, "", shown)
    assert not provisor.home.exists(), "no home is needed for that"


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("text", "out", "err"),
    [
        ("[proxyAddresses]", "a\nb\n", ""),
        ('IIF(IsNull([department]), [city], "x")', "(empty)\n", "no value: [city], [department]\n"),
        ('Join("", [empty], [empty])', "(empty text)\n", ""),
        ("IsPresent([empty])", "False\n", ""),
        ("[escape]", "\\x1b[31m[/]\n", ""),
        ("IgnoreObjectFlow", SKIPPED + "\n", ""),
    ],
)
async def test_a_value_is_printed_for_people(provisor: Command, text: str, out: str, err: str) -> None:
    source = {"proxyAddresses": ["a", "b"], "empty": "", "escape": "\x1b[31m[/]"}
    result = await provisor.done("expression", "eval", text, "--source", "-", typed=json.dumps(source))
    assert (result.out, result.err) == (out, err)


@pytest.mark.one_database
async def test_as_json_there_is_a_value_or_a_control(provisor: Command) -> None:
    told = await provisor.done("expression", "eval", "IgnoreAttributeFlow", "--json")
    assert told.json == {"control": "IgnoreAttributeFlow"}
    told = await provisor.done("expression", "eval", "[mail]", "--json")
    assert (told.json, told.err) == ({"value": None}, "no value: [mail]\n")


@pytest.mark.one_database
async def test_what_cannot_be_evaluated_ends_with_1_and_wrong_usage_with_2(provisor: Command) -> None:
    result = await provisor("expression", "eval", "CDate([day])", "--source", "-", "--json", typed='{"day": "soon"}')
    assert (result.code, result.out) == (1, "")
    assert "by CDate" in result.err
    for wrong in (("--app", "goto"), ("--user", "x", "--source", "-")):
        assert (await provisor("expression", "eval", "1", *wrong)).code == 2


@pytest.mark.one_database
async def test_a_place_far_inside_is_shown_with_what_is_around_it(provisor: Command) -> None:
    text = f'Join("",\n "日本", {"[a], " * 100}Nix(){", [b]" * 100})'
    result = await provisor("expression", "eval", text)
    [_, shown, pointed] = result.err.splitlines()
    assert shown.strip().startswith("…")
    assert shown.strip().endswith("…")
    assert shown[pointed.index("^") :].startswith("Nix()")


@pytest.mark.one_database
async def test_cases_that_fail_are_named_and_end_with_1(provisor: Command) -> None:
    cases: list[dict[str, Any]] = [
        {"expression": "1", "expected": 1},
        {"id": "wrong", "expression": "ToUpper([a])", "source": {"a": "x"}, "expected": "x"},
        {"id": "broken", "expression": "Nix()", "expected": None},
        {"id": "hidden", "expression": 'Redact("4711-secret")', "expected": "4712"},
    ]
    result = await provisor("expression", "test", "-", typed=json.dumps(cases))
    assert result.code == 1
    assert result.out.splitlines()[-1] == "1 passed, 3 failed"
    for words in ("case 2, wrong", 'got         "X"', "case 3, broken", "There is no function Nix", "case 4, hidden"):
        assert words in result.out
    assert "4711" not in result.out.partition("case 4")[2].partition("got")[2]
    told = await provisor("expression", "test", "-", "--json", typed=json.dumps(cases))
    assert (told.code, told.json["passed"], told.json["failed"]) == (1, 1, 3)
    assert [one["number"] for one in told.json["cases"]] == [1, 2, 3, 4]
    assert [one["passed"] for one in told.json["cases"]] == [True, False, False, False]
    assert told.json["cases"][2]["reason"]["code"] == "UnknownFunction"
    assert not provisor.home.exists(), "no home is needed for that"
