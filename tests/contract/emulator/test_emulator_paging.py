from urllib.parse import quote

import pytest
from tests.contract.emulator.raw import Raw


async def emails(raw: Raw, filter_: str) -> list[str]:
    page = await raw.get("users?attributes=email&filter=" + quote(filter_, safe=""))
    return [row["email"] for row in page.get("results", [])]


async def test_to_index_is_exclusive_and_pages_join_without_gap(raw: Raw) -> None:
    for n in range(24):
        raw.goto.add_user(f"u{n}@example.com", products=())
    read: list[str] = []
    while True:
        page = await raw.get(f"users?attributes=email&offset={len(read)}&pageSize=10")
        if "results" not in page:
            break
        assert (page["fromIndex"], page["toIndex"]) == (len(read), len(read) + len(page["results"]))
        read += [row["email"] for row in page["results"]]
    assert page == {"fromIndex": 25, "toIndex": 25, "total": 25}
    assert read == [user.email for user in raw.goto.users]


async def test_the_largest_page_is_a_thousand(raw: Raw) -> None:
    for n in range(1000):
        raw.goto.add_user(f"u{n}@example.com", products=())
    page = await raw.get("users?attributes=key&pageSize=1000")
    assert (len(page["results"]), page["total"]) == (1000, 1001)
    assert len((await raw.get("users"))["results"]) == raw.goto.options.default_page_size


@pytest.mark.parametrize("query", ["pageSize=1001", "pageSize=0", "pageSize=x", "offset=-1", "offset=1.5"])
async def test_a_page_out_of_bounds_is_refused(raw: Raw, query: str) -> None:
    status, code = await raw.code("GET", "users?" + query)
    assert (status, code) == (400, query.split("=", maxsplit=1)[0] + ".invalid")


async def test_only_the_attributes_asked_for_come_and_unknown_queries_are_ignored(raw: Raw) -> None:
    raw.goto.add_user("ada@example.com")
    page = await raw.get("users?attributes=key,%20email,nonsense&sort=email&colour=blue")
    assert [row.keys() for row in page["results"]] == [{"key", "email"}] * 2


@pytest.mark.parametrize(
    "filter_",
    [
        'email eq "ada@example.com"',
        'email eq "ADA@example.com"',
        '(email="ada@example.com")',
        '(email="(?i)ADA@example.com")',
        'email eq "ada@example.com" and status eq "ACTIVE"',
        'firstName eq "ada" and (lastName sw "by" or lastName sw "zz")',
        '(firstName="Ada" & lastName="Byron")',
        'email co "ADA@"',
        'products eq "G2W"',
        'passwordCreated eq "true" and admin ne "true" and email ne "bob@example.com"',
    ],
)
async def test_both_filter_syntaxes_find_the_one_user(raw: Raw, filter_: str) -> None:
    raw.goto.add_user("ada@example.com", "Ada", "Byron", products=["G2W"])
    raw.goto.add_user("bob@example.com", "Bob", "Stone")
    assert await emails(raw, filter_) == ["ada@example.com"]


@pytest.mark.parametrize(
    "filter_", ['(email="ADA@example.com")', 'email eq "x@example.com"', 'email eq "ada@example.com" and key eq "1"']
)
async def test_a_filter_that_matches_nobody_has_no_results(raw: Raw, filter_: str) -> None:
    raw.goto.add_user("ada@example.com")
    page = await raw.get("users?filter=" + quote(filter_, safe=""))
    assert page == {"fromIndex": 0, "toIndex": 0, "total": 0}


async def test_case_can_be_made_to_matter(raw: Raw) -> None:
    raw.goto.add_user("Ada@example.com")
    raw.goto.options.email_filter_ignores_case = False
    assert await emails(raw, 'email eq "ada@example.com"') == []
    assert await emails(raw, 'email eq "Ada@example.com"') == ["Ada@example.com"]


async def test_a_plus_is_no_space_but_may_be_part_of_an_address(raw: Raw) -> None:
    raw.goto.add_user("a+b@example.com")
    assert (await raw.get("users?filter=email+eq+%22a+b@example.com%22"))["total"] == 0
    assert (await raw.get("users?filter=email%20eq%20%22a+b@example.com%22"))["total"] == 1
    assert await emails(raw, 'email eq "a+b@example.com"') == ["a+b@example.com"]


@pytest.mark.parametrize(
    "filter_", ["email", 'email eq "a', 'email like "a"', 'colour eq "a"', '(email eq "a"', 'email eq "a" "b"', "! 1"]
)
async def test_a_filter_that_cannot_be_read_is_refused(raw: Raw, filter_: str) -> None:
    raw.goto.add_user("ada@example.com")
    assert await raw.code("GET", "users?filter=" + quote(filter_, safe="")) == (400, "filter.invalid")
