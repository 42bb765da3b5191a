"""What Alembic runs: the steps, on the connection that it is given."""

from __future__ import annotations

from alembic import context

from automap_service.tables import METADATA


def run() -> None:
    """Bring the tables of a connection from one state to another."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
