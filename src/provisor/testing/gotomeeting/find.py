"""Finding the users a filter names."""

from provisor.testing.gotomeeting.answer import Refused
from provisor.testing.gotomeeting.filter import BadFilter, has_plus, one_email, parse
from provisor.testing.gotomeeting.tenant import Tenant
from provisor.testing.gotomeeting.user import User
from provisor.testing.gotomeeting.view import USER


def matching(tenant: Tenant, text: str) -> list[User]:
    """The users a filter finds, by index where it pins one address; refuses a filter that cannot be read."""
    try:
        wanted = parse(text, fold=tenant.options.email_filter_ignores_case)
    except BadFilter as bad:
        if has_plus(text):
            return []
        raise Refused(400, "filter.invalid", str(bad)) from bad
    email = one_email(wanted)
    found = None if email is None else tenant.find(email)
    rows = tenant.ordered() if email is None else [found] if found else []
    try:
        return [user for user in rows if wanted(lambda name, user=user: USER[name](tenant, user))]  # type: ignore[misc]
    except KeyError as unknown:
        raise Refused(400, "filter.invalid", f"no property {unknown.args[0]}") from unknown
