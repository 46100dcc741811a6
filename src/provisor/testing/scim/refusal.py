"""A refusal in SCIM's words (RFC 7644 section 3.12)."""

from __future__ import annotations

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, detail: str, scim_type: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"schemas": [ERROR], "status": str(status), "detail": detail}
        if scim_type:
            self.body["scimType"] = scim_type
