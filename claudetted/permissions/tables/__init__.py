"""The tables of programs, one file a family, to be read and grown."""

from claudetted.permissions.options import Program
from claudetted.permissions.tables import (
    archives,
    changing,
    git,
    javascript,
    languages,
    network,
    python,
    reading,
    searching,
    services,
    shell,
)

TABLE: dict[str, Program] = {
    **shell.PROGRAMS,
    **reading.PROGRAMS,
    **searching.PROGRAMS,
    **changing.PROGRAMS,
    **archives.PROGRAMS,
    **network.PROGRAMS,
    **git.PROGRAMS,
    **python.PROGRAMS,
    **javascript.PROGRAMS,
    **languages.PROGRAMS,
    **services.PROGRAMS,
}
