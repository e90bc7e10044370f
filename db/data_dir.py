"""The data directory of the embedded PostgreSQL: where it is unless somebody names another, and what is in it."""

from pathlib import Path

import platformdirs

_PACKAGES = Path(__file__).parents[1]
"""The folder that holds the packages: a checkout, or the site-packages of an installation."""


def default_data_dir() -> Path:
    """Returns the data directory of this installation, whatever the working directory is.

    A checkout keeps its data in its own `.rapporteur/`, so that two checkouts do not share a database. An installed package
    keeps them where the platform has the data of a user's programs (`$XDG_DATA_HOME/rapporteur`, by default
    `~/.local/share/rapporteur`): a virtual environment may be thrown away with the next upgrade.
    """
    if (_PACKAGES / "pyproject.toml").is_file():
        return _PACKAGES / ".rapporteur"
    return platformdirs.user_data_path("rapporteur", appauthor=False)


def cluster_dir(data_dir: Path) -> Path:
    """Returns the folder of PostgreSQL's own files in a data directory."""
    return data_dir.expanduser().resolve() / "postgres"


def next_cluster_dir(cluster: Path) -> Path:
    """Returns the folder of a finished cluster that is about to replace the present one."""
    return cluster.with_name("postgres-next")


def has_database(data_dir: Path) -> bool:
    """Returns whether a PostgreSQL was ever started in the data directory."""
    cluster = cluster_dir(data_dir)
    return any((folder / "PG_VERSION").exists() for folder in (cluster, next_cluster_dir(cluster)))
