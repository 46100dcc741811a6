"""Every table. Documents are canonical JSON text, so that equal values are equal text."""

from __future__ import annotations

import sqlalchemy as sa

from provisor.store.columns import flag, guid, moment, number, row_number, text

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# ---- the directory --------------------------------------------------------------------------------------------

installation = sa.Table("installation", metadata, text("name", primary_key=True), text("value"))

directory = sa.Table(
    "directory",
    metadata,
    guid("id", primary_key=True),
    text("name", unique=True),
    number("change_no"),
    text("default_domain", nullable=True),
)

entry = sa.Table(
    "entry",
    metadata,
    guid("id", primary_key=True),
    guid("directory_id", sa.ForeignKey("directory.id")),
    text("type"),
    text("source"),
    text("anchor"),
    text("reference_key"),  # how other records refer to it: its DN
    text("alias", nullable=True),  # … and how those of its own source may, too
    guid("manager_id", nullable=True),
    text("name"),  # display name, folded: what lists are sorted and searched by
    text("login", nullable=True),  # userPrincipalName, folded
    text("attributes"),
    text("hash"),
    flag("blocked"),  # an admin disabled this entry here; an import does not undo that
    moment("deleted_at", nullable=True),
    moment("expires_at", nullable=True),  # when it leaves the recycle bin
    text("deleted_by", nullable=True),  # "source" or "admin": only what a source removed, it can bring back
    flag("purged"),
    number("change_no"),
    moment("created_at"),
    moment("changed_at"),
    sa.UniqueConstraint("directory_id", "source", "anchor"),
    sa.Index(None, "directory_id", "change_no", "id"),
    sa.Index(None, "directory_id", "type", "name", "id"),
    sa.Index(None, "directory_id", "login"),
    sa.Index(None, "directory_id", "reference_key"),
    sa.Index(None, "directory_id", "alias"),
)

membership = sa.Table(
    "membership",
    metadata,
    guid("group_id", sa.ForeignKey("entry.id"), primary_key=True),
    guid("member_id", sa.ForeignKey("entry.id"), primary_key=True),
    sa.Index(None, "member_id"),
)

reference = sa.Table(  # whom a record names, and which entry that is: membership and manager_id follow from these
    "reference",
    metadata,
    guid("entry_id", sa.ForeignKey("entry.id"), primary_key=True),
    text("attribute", primary_key=True),
    text("reference_key", primary_key=True),
    guid("target_id", sa.ForeignKey("entry.id"), nullable=True),  # null: it has not arrived yet
    sa.Index(None, "reference_key"),
    sa.Index(None, "target_id"),
)

# ---- apps -----------------------------------------------------------------------------------------------------

app = sa.Table(
    "app",
    metadata,
    guid("id", primary_key=True),
    text("name"),
    text("folded_name", unique=True),
    text("manifest_id"),
    text("mode"),
    text("credentials"),  # those that are no secret
    text("settings"),
    text("notification"),
    moment("created_at"),
)

app_role = sa.Table(
    "app_role",
    metadata,
    guid("app_id", sa.ForeignKey("app.id", ondelete="CASCADE"), primary_key=True),
    guid("id", primary_key=True),
    text("value"),
    text("document"),
)

assignment = sa.Table(
    "assignment",
    metadata,
    guid("id", primary_key=True),
    guid("app_id", sa.ForeignKey("app.id", ondelete="CASCADE")),
    guid("principal_id", sa.ForeignKey("entry.id")),
    guid("app_role_id"),
    moment("created_at"),
    sa.UniqueConstraint("app_id", "principal_id", "app_role_id"),
    sa.Index(None, "principal_id"),
)

secret = sa.Table(
    "secret",
    metadata,
    text("owner", primary_key=True),
    text("field", primary_key=True),
    sa.Column("blob", sa.LargeBinary, nullable=False),
)

# ---- jobs and their cycles ------------------------------------------------------------------------------------

job = sa.Table(
    "job",
    metadata,
    text("id", primary_key=True),
    guid("app_id", sa.ForeignKey("app.id", ondelete="CASCADE"), unique=True),
    guid("directory_id", sa.ForeignKey("directory.id")),
    text("schedule"),
    number("interval_seconds"),
    number("watermark", nullable=True),
    number("schema_version"),
    text("scope"),
    flag("skip_out_of_scope"),
    number("cycles"),  # how many there were: the next one's number
    moment("next_cycle_at", nullable=True),
)

schema_version = sa.Table(
    "schema_version",
    metadata,
    text("job_id", sa.ForeignKey("job.id", ondelete="CASCADE"), primary_key=True),
    number("version", primary_key=True),
    text("document"),
    text("saved_by"),
    moment("saved_at"),
)

link = sa.Table(
    "link",
    metadata,
    text("job_id", sa.ForeignKey("job.id", ondelete="CASCADE"), primary_key=True),
    guid("entry_id", sa.ForeignKey("entry.id"), primary_key=True),
    text("target_id"),
    text("sent"),
    text("seen", nullable=True),
    flag("believed_active"),
    text("grants"),
    moment("since"),
    number("version"),
    sa.UniqueConstraint("job_id", "target_id"),
    sa.Index(None, "job_id", "believed_active"),
)

escrow = sa.Table(
    "escrow",
    metadata,
    text("job_id", sa.ForeignKey("job.id", ondelete="CASCADE"), primary_key=True),
    guid("entry_id", sa.ForeignKey("entry.id"), primary_key=True),
    text("reason"),
    text("cause", nullable=True),
    moment("first_failed"),
    moment("next_attempt", nullable=True),  # null: with the next cycle
    sa.Index(None, "job_id", "cause"),
)

standing = sa.Table(  # the last reason logged for somebody who is not provisioned: a skip is logged once
    "standing",
    metadata,
    text("job_id", sa.ForeignKey("job.id", ondelete="CASCADE"), primary_key=True),
    guid("entry_id", sa.ForeignKey("entry.id"), primary_key=True),
    text("reason"),
)

cycle = sa.Table(
    "cycle",
    metadata,
    guid("id", primary_key=True),
    text("job_id", sa.ForeignKey("job.id", ondelete="CASCADE")),
    number("number"),
    text("kind"),
    text("state"),
    number("since", nullable=True),
    number("high"),
    number("schema_version"),
    text("default_domain", nullable=True),  # the directory's, when the cycle began
    number("epoch"),
    number("allow", nullable=True),
    text("chosen", nullable=True),  # the only entries that it is for; null: all that are the job's concern
    text("requested_by"),
    text("counts"),
    text("error", nullable=True),
    moment("began"),
    moment("ended", nullable=True),
    sa.UniqueConstraint("job_id", "number"),
    sa.Index(None, "state"),
)

plan_line = sa.Table(
    "plan_line",
    metadata,
    guid("cycle_id", sa.ForeignKey("cycle.id", ondelete="CASCADE"), primary_key=True),
    number("seq", primary_key=True),
    guid("entry_id"),
    text("name"),  # as the entry was called when this was planned, and so is login
    text("login", nullable=True),
    text("resource_type"),
    text("action"),
    number("rank"),  # push order
    text("state"),
    text("reason"),
    text("target_id", nullable=True),
    flag("privileged"),  # takes over an account with power over the target
    flag("destructive"),  # takes something away from somebody
    text("desired", nullable=True),
    *(text(name, nullable=True) for name in ("differences", "sealed")),  # sealed: those that nobody may see
    text("claimed", nullable=True),  # the matching value as it is written, of which claim is the folded key
    text("claim", nullable=True),  # the matching value or account that only one entry may claim
    number("entry_change_no"),
    number("link_version"),
    text("scoping", nullable=True),
    flag("listed"),  # the target's listing showed everybody, and no account of this entry
    flag("recorded"),  # the log says what became of it
    sa.Index(None, "cycle_id", "state", "rank", "seq"),
)

SENDING = plan_line.c.state == sa.literal_column("'sending'")
"""As the index has it: only a query that repeats its very condition can use it."""

sa.Index("ix_plan_line_sending", plan_line.c.entry_id, sqlite_where=SENDING, postgresql_where=SENDING)

listed_account = sa.Table(  # a target's listing, held for one cycle
    "listed_account",
    metadata,
    guid("cycle_id", sa.ForeignKey("cycle.id", ondelete="CASCADE"), primary_key=True),
    text("claim", primary_key=True),
    text("target_id", primary_key=True),
    text("account"),
)

request = sa.Table(  # what another process asks of the service
    "request",
    metadata,
    row_number(),
    text("job_id", sa.ForeignKey("job.id", ondelete="CASCADE")),
    text("kind"),
    text("parameters"),
    text("state"),
    guid("cycle_id", nullable=True),
    text("error", nullable=True),
    moment("asked_at"),
    sa.Index(None, "state"),
)

# ---- logs -----------------------------------------------------------------------------------------------------

provisioning_log = sa.Table(
    "provisioning_log",
    metadata,
    row_number(),
    text("job_id"),
    guid("cycle_id"),
    number("seq"),
    guid("entry_id"),
    text("action"),
    text("status"),
    text("code"),
    text("name"),  # as the entry was called then, and so is login
    text("login", nullable=True),
    text("target_id", nullable=True),
    text("detail"),
    moment("at"),
    sa.UniqueConstraint("cycle_id", "seq"),
    sa.Index(None, "job_id", "id"),
    sa.Index(None, "entry_id", "id"),
)

audit_log = sa.Table(
    "audit_log",
    metadata,
    row_number(),
    moment("at"),
    text("actor"),
    text("activity"),
    text("target_type"),
    text("target_id"),
    text("target_name"),
    text("before", nullable=True),
    text("after", nullable=True),
)
