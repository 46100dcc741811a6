"""The tables of the first version"""

import sqlalchemy as sa
from alembic import op

from provisor.store.columns import Instant

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
GUID = sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "app",
        sa.Column("id", GUID, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("folded_name", TEXT, nullable=False),
        sa.Column("manifest_id", TEXT, nullable=False),
        sa.Column("mode", TEXT, nullable=False),
        sa.Column("credentials", TEXT, nullable=False),
        sa.Column("settings", TEXT, nullable=False),
        sa.Column("notification", TEXT, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app")),
        sa.UniqueConstraint("folded_name", name=op.f("uq_app_folded_name")),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("activity", TEXT, nullable=False),
        sa.Column("target_type", TEXT, nullable=False),
        sa.Column("target_id", TEXT, nullable=False),
        sa.Column("target_name", TEXT, nullable=False),
        sa.Column("before", TEXT, nullable=True),
        sa.Column("after", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_table(
        "directory",
        sa.Column("id", GUID, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("change_no", sa.BigInteger(), nullable=False),
        sa.Column("default_domain", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory")),
        sa.UniqueConstraint("name", name=op.f("uq_directory_name")),
    )
    op.create_table(
        "installation",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installation")),
    )
    op.create_table(
        "provisioning_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("cycle_id", GUID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", GUID, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("login", TEXT, nullable=True),
        sa.Column("target_id", TEXT, nullable=True),
        sa.Column("detail", TEXT, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provisioning_log")),
        sa.UniqueConstraint("cycle_id", "seq", name=op.f("uq_provisioning_log_cycle_id_seq")),
    )
    op.create_index(op.f("ix_provisioning_log_entry_id_id"), "provisioning_log", ["entry_id", "id"], unique=False)
    op.create_index(op.f("ix_provisioning_log_job_id_id"), "provisioning_log", ["job_id", "id"], unique=False)
    op.create_table(
        "secret",
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("field", TEXT, nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "field", name=op.f("pk_secret")),
    )
    op.create_table(
        "app_role",
        sa.Column("app_id", GUID, nullable=False),
        sa.Column("id", GUID, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_app_role_app_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("app_id", "id", name=op.f("pk_app_role")),
    )
    op.create_table(
        "entry",
        sa.Column("id", GUID, nullable=False),
        sa.Column("directory_id", GUID, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("anchor", TEXT, nullable=False),
        sa.Column("reference_key", TEXT, nullable=False),
        sa.Column("alias", TEXT, nullable=True),
        sa.Column("manager_id", GUID, nullable=True),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("login", TEXT, nullable=True),
        sa.Column("attributes", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", Instant(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("deleted_by", TEXT, nullable=True),
        sa.Column("purged", sa.Boolean(), nullable=False),
        sa.Column("change_no", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["directory_id"], ["directory.id"], name=op.f("fk_entry_directory_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("directory_id", "source", "anchor", name=op.f("uq_entry_directory_id_source_anchor")),
    )
    op.create_index(op.f("ix_entry_directory_id_alias"), "entry", ["directory_id", "alias"], unique=False)
    op.create_index(
        op.f("ix_entry_directory_id_change_no_id"), "entry", ["directory_id", "change_no", "id"], unique=False
    )
    op.create_index(op.f("ix_entry_directory_id_login"), "entry", ["directory_id", "login"], unique=False)
    op.create_index(
        op.f("ix_entry_directory_id_reference_key"), "entry", ["directory_id", "reference_key"], unique=False
    )
    op.create_index(
        op.f("ix_entry_directory_id_type_name_id"), "entry", ["directory_id", "type", "name", "id"], unique=False
    )
    op.create_table(
        "job",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("app_id", GUID, nullable=False),
        sa.Column("directory_id", GUID, nullable=False),
        sa.Column("schedule", TEXT, nullable=False),
        sa.Column("interval_seconds", sa.BigInteger(), nullable=False),
        sa.Column("watermark", sa.BigInteger(), nullable=True),
        sa.Column("schema_version", sa.BigInteger(), nullable=False),
        sa.Column("scope", TEXT, nullable=False),
        sa.Column("skip_out_of_scope", sa.Boolean(), nullable=False),
        sa.Column("cycles", sa.BigInteger(), nullable=False),
        sa.Column("next_cycle_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_job_app_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["directory_id"], ["directory.id"], name=op.f("fk_job_directory_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("app_id", name=op.f("uq_job_app_id")),
    )
    op.create_table(
        "assignment",
        sa.Column("id", GUID, nullable=False),
        sa.Column("app_id", GUID, nullable=False),
        sa.Column("principal_id", GUID, nullable=False),
        sa.Column("app_role_id", GUID, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_assignment_app_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["principal_id"], ["entry.id"], name=op.f("fk_assignment_principal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
        sa.UniqueConstraint(
            "app_id", "principal_id", "app_role_id", name=op.f("uq_assignment_app_id_principal_id_app_role_id")
        ),
    )
    op.create_index(op.f("ix_assignment_principal_id"), "assignment", ["principal_id"], unique=False)
    op.create_table(
        "cycle",
        sa.Column("id", GUID, nullable=False),
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("schema_version", sa.BigInteger(), nullable=False),
        sa.Column("default_domain", TEXT, nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("allow", sa.BigInteger(), nullable=True),
        sa.Column("chosen", TEXT, nullable=True),
        sa.Column("requested_by", TEXT, nullable=False),
        sa.Column("counts", TEXT, nullable=False),
        sa.Column("error", TEXT, nullable=True),
        sa.Column("began", Instant(), nullable=False),
        sa.Column("ended", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_cycle_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cycle")),
        sa.UniqueConstraint("job_id", "number", name=op.f("uq_cycle_job_id_number")),
    )
    op.create_index(op.f("ix_cycle_state"), "cycle", ["state"], unique=False)
    op.create_table(
        "escrow",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("entry_id", GUID, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("cause", TEXT, nullable=True),
        sa.Column("first_failed", Instant(), nullable=False),
        sa.Column("next_attempt", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_escrow_entry_id")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_escrow_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "entry_id", name=op.f("pk_escrow")),
    )
    op.create_index(op.f("ix_escrow_job_id_cause"), "escrow", ["job_id", "cause"], unique=False)
    op.create_table(
        "link",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("entry_id", GUID, nullable=False),
        sa.Column("target_id", TEXT, nullable=False),
        sa.Column("sent", TEXT, nullable=False),
        sa.Column("seen", TEXT, nullable=True),
        sa.Column("believed_active", sa.Boolean(), nullable=False),
        sa.Column("grants", TEXT, nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_link_entry_id")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_link_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "entry_id", name=op.f("pk_link")),
        sa.UniqueConstraint("job_id", "target_id", name=op.f("uq_link_job_id_target_id")),
    )
    op.create_index(op.f("ix_link_job_id_believed_active"), "link", ["job_id", "believed_active"], unique=False)
    op.create_table(
        "membership",
        sa.Column("group_id", GUID, nullable=False),
        sa.Column("member_id", GUID, nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["entry.id"], name=op.f("fk_membership_group_id")),
        sa.ForeignKeyConstraint(["member_id"], ["entry.id"], name=op.f("fk_membership_member_id")),
        sa.PrimaryKeyConstraint("group_id", "member_id", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_member_id"), "membership", ["member_id"], unique=False)
    op.create_table(
        "request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("parameters", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("cycle_id", GUID, nullable=True),
        sa.Column("error", TEXT, nullable=True),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_request_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
    )
    op.create_index(op.f("ix_request_state"), "request", ["state"], unique=False)
    op.create_table(
        "schema_version",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("saved_by", TEXT, nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_schema_version_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "version", name=op.f("pk_schema_version")),
    )
    op.create_table(
        "standing",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("entry_id", GUID, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_standing_entry_id")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_standing_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "entry_id", name=op.f("pk_standing")),
    )
    op.create_table(
        "reference",
        sa.Column("entry_id", GUID, nullable=False),
        sa.Column("attribute", TEXT, nullable=False),
        sa.Column("reference_key", TEXT, nullable=False),
        sa.Column("target_id", GUID, nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_reference_entry_id")),
        sa.ForeignKeyConstraint(["target_id"], ["entry.id"], name=op.f("fk_reference_target_id")),
        sa.PrimaryKeyConstraint("entry_id", "attribute", "reference_key", name=op.f("pk_reference")),
    )
    op.create_index(op.f("ix_reference_reference_key"), "reference", ["reference_key"], unique=False)
    op.create_index(op.f("ix_reference_target_id"), "reference", ["target_id"], unique=False)
    op.create_table(
        "listed_account",
        sa.Column("cycle_id", GUID, nullable=False),
        sa.Column("claim", TEXT, nullable=False),
        sa.Column("target_id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["cycle.id"], name=op.f("fk_listed_account_cycle_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("cycle_id", "claim", "target_id", name=op.f("pk_listed_account")),
    )
    op.create_table(
        "plan_line",
        sa.Column("cycle_id", GUID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", GUID, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("login", TEXT, nullable=True),
        sa.Column("resource_type", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("target_id", TEXT, nullable=True),
        sa.Column("privileged", sa.Boolean(), nullable=False),
        sa.Column("destructive", sa.Boolean(), nullable=False),
        sa.Column("desired", TEXT, nullable=True),
        sa.Column("differences", TEXT, nullable=True),
        sa.Column("sealed", TEXT, nullable=True),
        sa.Column("claimed", TEXT, nullable=True),
        sa.Column("claim", TEXT, nullable=True),
        sa.Column("entry_change_no", sa.BigInteger(), nullable=False),
        sa.Column("link_version", sa.BigInteger(), nullable=False),
        sa.Column("scoping", TEXT, nullable=True),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("recorded", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_plan_line_cycle_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("cycle_id", "seq", name=op.f("pk_plan_line")),
    )
    op.create_index(
        op.f("ix_plan_line_cycle_id_state_rank_seq"), "plan_line", ["cycle_id", "state", "rank", "seq"], unique=False
    )
    sending = sa.text("state = 'sending'")
    op.create_index(
        "ix_plan_line_sending", "plan_line", ["entry_id"], unique=False, sqlite_where=sending, postgresql_where=sending
    )
