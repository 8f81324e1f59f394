"""`sconto distribute`: distributes the database by merchant over the nodes of a Citus cluster."""

import typer

from sconto.cli.database import bring_up_to_date
from sconto.cli.refusals import CommandRefused
from sconto.settings import Settings
from sconto.store.distribution import distribute as distribute_tables
from sconto.store.distribution import require_cluster


def distribute() -> None:
    """Distribute the database by merchant over a Citus cluster.

    SCONTO_DATABASE_URL names the coordinator. A database without a schema gets one; existing rows
    are moved to the nodes. Stop the service first. Running it again does no harm: it distributes
    what is not distributed yet, and checks the nodes.
    """
    url = Settings.read().database_url
    if url is None:
        raise CommandRefused(
            "the bundled database cannot be distributed: let SCONTO_DATABASE_URL name the "
            "coordinator of a Citus cluster (see docs/scale.md)"
        )
    require_cluster(url)
    bring_up_to_date(url)
    done = distribute_tables(url)
    if done.tables:
        typer.echo(f"Distributed {len(done.tables)} tables by merchant over {done.nodes} nodes.")
    else:
        typer.echo(f"All tables are distributed by merchant over {done.nodes} nodes.")
    if done.dropped:
        typer.echo(
            "Lost: the foreign keys of " + ", ".join(done.dropped) + ", because merchants stay on "
            "the coordinator. Nothing deletes a merchant, so no row loses its merchant."
        )
    for fault in done.faults:
        typer.echo(f"sconto: {fault}", err=True)
    if done.faults:
        raise typer.Exit(1)
