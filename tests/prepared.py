"""One PostgreSQL cluster with the newest schema, made once a run; tests start on copies of it."""

import subprocess
from pathlib import Path

from sconto.store.embedded import hold_server
from sconto.store.embedded.files import alone
from sconto.store.migrate import migrate


def prepare_cluster(folder: Path) -> Path:
    """The files of a stopped server, made by the first process that needs them.

    Its database `sconto` belongs to the role `sconto` and has the newest schema and no rows.
    """
    folder.mkdir(exist_ok=True)
    cluster = folder / "cluster"
    with alone(folder / "lock"):
        if not cluster.exists():
            with hold_server(folder / "data") as url:
                migrate(url)
            (folder / "data" / "postgres" / "cluster").rename(cluster)
    return cluster


def prepare_data_dir(cluster: Path, data_dir: Path) -> None:
    """Make a data folder like the one that `sconto migrate` leaves."""
    place = data_dir / "postgres"
    place.mkdir(mode=0o700, parents=True)
    data_dir.chmod(0o700)
    copy_cluster(cluster, place / "cluster")


def copy_cluster(cluster: Path, copy: Path) -> None:
    """Copy the files of a stopped server, with their owner."""
    subprocess.run(["cp", "-a", cluster, copy], check=True)
