import pytest
from tests.contract.emulator.raw import PASSWORD, Raw, Start

from provisor.testing.gotomeeting import Admin, Client, Options, OtherAccount

CLIENT = ("emulator-client", "emulator-secret")
V1 = {
    "grant_type": "password",
    "user_id": "admin@example.com",
    "password": "admin-password",
    "client_id": "emulator-client",
}


async def test_todays_answer_has_a_scope_and_a_principal_but_no_account(raw: Raw) -> None:
    status, body = await raw.form("/oauth/token", PASSWORD, CLIENT)
    assert status == 200
    assert body.keys() == {"access_token", "refresh_token", "expires_in", "token_type", "scope", "principal"}
    assert (body["expires_in"], body["token_type"], body["principal"]) == (3600, "Bearer", "admin@example.com")


async def test_the_second_form_names_the_account(raw: Raw) -> None:
    _, body = await raw.form("/oauth/v2/token", PASSWORD, CLIENT)
    assert (body["expires_in"], body["token_type"]) == (3600, "Bearer")
    assert body["account_key"] == raw.goto.options.account_key


async def test_the_first_form_takes_user_id_and_gives_its_life_as_text(raw: Raw) -> None:
    status, body = await raw.form("/oauth/access_token", V1)
    assert status == 200
    assert body["expires_in"] == "3600"
    assert "token_type" not in body
    assert body["organizer_key"] == raw.goto.user("admin@example.com").key
    raw.token = body["access_token"]
    assert (await raw.get("/admin/rest/v1/me"))["email"] == "admin@example.com"


async def test_the_first_form_may_be_a_get(raw: Raw) -> None:
    query = "&".join(f"{name}={value}" for name, value in V1.items())
    status, body = await raw.send("GET", "/oauth/access_token?" + query)
    assert (status, body["platform"]) == (200, "GLOBAL")


@pytest.mark.parametrize(
    ("change", "client", "status", "error"),
    [
        ({}, ("nobody", "x"), 401, "invalid_client"),
        ({}, ("emulator-client", "wrong"), 401, "invalid_client"),
        ({}, None, 401, "invalid_client"),
        ({"password": "wrong"}, CLIENT, 400, "invalid_grant"),
        ({"username": "x@example.com"}, CLIENT, 400, "invalid_grant"),
        ({"username": ""}, CLIENT, 400, "invalid_request"),
        ({"grant_type": ""}, CLIENT, 400, "invalid_request"),
        ({"grant_type": "client_credentials"}, CLIENT, 400, "unsupported_grant_type"),
        ({"scope": "collab:"}, CLIENT, 400, "invalid_scope"),
    ],
)
async def test_a_wrong_request_is_refused_in_the_form_of_rfc_6749(
    raw: Raw, change: dict[str, str], client: tuple[str, str] | None, status: int, error: str
) -> None:
    got, body = await raw.form("/oauth/token", PASSWORD | change, client)
    assert (got, body["error"]) == (status, error)
    assert body["error_description"]


async def test_a_client_may_post_its_secret(raw: Raw) -> None:
    posted = PASSWORD | {"client_id": CLIENT[0], "client_secret": CLIENT[1]}
    assert (await raw.form("/oauth/token", posted))[0] == 200


async def test_a_json_body_is_no_token_request(raw: Raw) -> None:
    status, body = await raw.send("POST", "/oauth/token", PASSWORD)
    assert (status, body["error"]) == (400, "invalid_request")


async def test_an_admin_with_mfa_cannot_use_a_password_but_can_use_a_token(start: Start) -> None:
    made = await start(Options(admins=(Admin(), Admin(email="mfa@example.com", personal_access_token="p2", mfa=True))))
    status, body = await made.form("/oauth/token", PASSWORD | {"username": "mfa@example.com"}, CLIENT)
    assert (status, body["error"]) == (400, "invalid_grant")
    status, body = await made.form("/oauth/token", {"grant_type": "personal_access_token", "pat": "p2"}, CLIENT)
    assert (status, body["principal"]) == (200, "mfa@example.com")


async def test_a_wrong_personal_access_token_is_refused(raw: Raw) -> None:
    status, body = await raw.form("/oauth/token", {"grant_type": "personal_access_token", "pat": "x"}, CLIENT)
    assert (status, body["error"]) == (400, "invalid_grant")


async def test_a_client_without_the_password_grant_is_told_so(start: Start) -> None:
    made = await start(Options(password_sign_in="client-not-allowed"))
    for path, fields in (("/oauth/token", PASSWORD), ("/oauth/v2/token", PASSWORD), ("/oauth/access_token", V1)):
        status, body = await made.form(path, fields, CLIENT)
        assert (status, body["error"]) == (400, "unauthorized_client")
    pat = {"grant_type": "personal_access_token", "pat": "admin-pat"}
    assert (await made.form("/oauth/token", pat, CLIENT))[0] == 200


async def test_decommissioned_endpoints_are_answered_by_the_gateway(start: Start) -> None:
    made = await start(Options(password_sign_in="decommissioned"))
    assert (await made.form("/oauth/access_token", V1))[0] == 410
    status, body = await made.form("/oauth/v2/token", PASSWORD, CLIENT)
    assert (status, body["errorCode"]) == (410, "GONE")
    made.goto.options.decommissioned_status = 404
    assert (await made.form("/oauth/v2/token", PASSWORD, CLIENT))[1]["errorCode"] == "NOT_FOUND"
    status, body = await made.form("/oauth/token", PASSWORD, CLIENT)
    assert (status, body["error"]) == (400, "unsupported_grant_type")


async def test_a_refresh_gives_no_new_refresh_token_and_may_be_repeated(raw: Raw) -> None:
    _, first = await raw.form("/oauth/token", PASSWORD, CLIENT)
    fields = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    for _ in range(2):
        status, body = await raw.form("/oauth/token", fields, CLIENT)
        assert status == 200
        assert "refresh_token" not in body
        assert body["access_token"] != first["access_token"]


async def test_a_rotated_refresh_token_works_once(start: Start) -> None:
    made = await start(Options(rotate_refresh_tokens=True))
    _, first = await made.form("/oauth/token", PASSWORD, CLIENT)
    fields = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    assert (await made.form("/oauth/token", fields, CLIENT))[1]["refresh_token"] != first["refresh_token"]
    status, body = await made.form("/oauth/token", fields, CLIENT)
    assert (status, body["error"]) == (400, "invalid_grant")


async def test_a_refresh_token_belongs_to_its_client(start: Start) -> None:
    made = await start(Options(clients=(Client(id="other", secret="s"),)))
    _, first = await made.form("/oauth/token", PASSWORD, CLIENT)
    fields = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    assert (await made.form("/oauth/token", fields, ("other", "s")))[1]["error"] == "invalid_grant"


async def test_a_client_without_the_identity_scope_signs_in_but_is_not_authenticated(start: Start) -> None:
    made = await start(Options(scopes=("collab:",)))
    assert await made.code("GET", "/admin/rest/v1/me") == (401, "not.authenticated")


async def test_a_token_ends_with_its_life_and_its_refresh_token_does_not(raw: Raw) -> None:
    _, first = await raw.form("/oauth/token", PASSWORD, CLIENT)
    raw.goto.options.token_life = 0
    await raw.sign_in()
    assert await raw.code("GET", "/admin/rest/v1/me") == (401, "not.authenticated")
    raw.goto.options.token_life = 3600
    fields = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    raw.token = (await raw.form("/oauth/token", fields, CLIENT))[1]["access_token"]
    await raw.get("/admin/rest/v1/me")


async def test_all_tokens_can_be_ended_at_once(raw: Raw) -> None:
    _, first = await raw.form("/oauth/token", PASSWORD, CLIENT)
    raw.goto.expire_tokens(refresh_tokens=True)
    assert await raw.code("GET", "users") == (401, "not.authenticated")
    fields = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    assert (await raw.form("/oauth/token", fields, CLIENT))[1]["error"] == "invalid_grant"


@pytest.mark.parametrize("form", ["Bearer {}", "OAuth oauth_token={}", "{}"])
async def test_every_spelling_of_the_authorization_header_is_accepted(raw: Raw, form: str) -> None:
    status, _ = await raw.send("GET", "/admin/rest/v1/me", Authorization=form.format(raw.token))
    assert status == 200


async def test_me_lists_every_account_of_the_admin(start: Start) -> None:
    made = await start(Options(other_accounts=(OtherAccount(key="42", name="Elsewhere"),)))
    me = await made.get("/admin/rest/v1/me")
    assert me["accountKey"] == made.goto.options.account_key
    assert [account["key"] for account in me["accounts"]] == [me["accountKey"], "42"]
    assert "SUPER_USER" in me["adminRoles"]
    assert (await made.get("me")).keys() == me.keys()
    assert await made.code("GET", "/admin/rest/v1/accounts/42/users") == (403, "not.authorized")


def test_no_secret_is_in_the_repr_of_options() -> None:
    text = repr(Options(clients=(Client(id="other", secret="hush"),)))
    assert not [secret for secret in ("admin-password", "admin-pat", "emulator-secret", "hush") if secret in text]
