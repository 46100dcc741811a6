"""Alembic's door: runs the versions on the connection that `migrate` hands in."""

from alembic import context

from provisor.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
