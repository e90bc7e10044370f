"""Domains: types of the database whose CHECK holds the values of one column.

PostgreSQL reads the CHECKs of a table anew, and plans them, in each statement that writes to it, whichever columns that
changes. Those of a domain it keeps, and applies to the columns that are written. So the tables that are written most, meetings
and segments, have CHECKs of their own only for what concerns several columns.
"""

from typing import Any

from sqlalchemy import DDL, BigInteger, Connection, Double, Integer, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import TypeCompiler
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator, TypeEngine


class Domain(TypeDecorator[Any]):
    """A domain over another type. Tables are created with its name; statements take its columns for those of that type.

    SQLAlchemy's own `DOMAIN` has not the operators of that type, and leaves parameters without it: the driver would look up
    the domain.
    """

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = Text
    cache_ok = True

    def __init__(self, name: str, base: TypeEngine[Any], check: str) -> None:
        super().__init__()
        self.impl = base
        self.name = name
        self.check = check

    def coerce_compared_value(self, op: OperatorType | None, value: object) -> TypeEngine[Any]:
        return self.impl_instance.coerce_compared_value(op, value)


@compiles(Domain)
def _compile_name(domain: Domain, _compiler: TypeCompiler, **_options: object) -> str:
    return domain.name


def base_type(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """Returns the type over which a domain is made; any other type itself."""
    return type_.impl_instance if isinstance(type_, Domain) else type_


def create_domains(metadata: MetaData, connection: Connection, **_options: object) -> None:
    """Creates the domains of the tables: a listener of `before_create`."""
    columns = [column for table in metadata.tables.values() for column in table.c]
    for name, domain in {each.type.name: each.type for each in columns if isinstance(each.type, Domain)}.items():
        create = f"CREATE DOMAIN {name} AS {domain.impl_instance.compile(connection.dialect)} CHECK ({domain.check})"
        connection.execute(DDL(create.replace("%", "%%")))  # type: ignore[no-untyped-call]


POSITIVE_INTEGER = Domain("positive_integer", Integer(), "VALUE >= 1")
NONNEGATIVE_INTEGER = Domain("nonnegative_integer", Integer(), "VALUE >= 0")
POSITIVE_BIGINT = Domain("positive_bigint", BigInteger(), "VALUE >= 1")
NONNEGATIVE_BIGINT = Domain("nonnegative_bigint", BigInteger(), "VALUE >= 0")
PROBABILITY = Domain("probability", Double(), "VALUE BETWEEN 0 AND 1")
SEGMENT_TIME = Domain("segment_time", Double(), "VALUE BETWEEN 0 AND 36000000")
"""Seconds since the meeting began."""
NONEMPTY_TEXT = Domain("nonempty_text", Text(), "VALUE <> ''")
EXTERNAL_ID = Domain("external_id", Text(), "char_length(VALUE) BETWEEN 1 AND 200")
MEETING_STATE = Domain(
    "meeting_state", Text(), "VALUE IN ('CREATED', 'RECORDING', 'STOPPING', 'STOPPED', 'COMPLETED', 'ERROR')"
)
JSONB_OBJECT = Domain("jsonb_object", JSONB(), "jsonb_typeof(VALUE) = 'object'")
JSONB_ARRAY = Domain("jsonb_array", JSONB(), "jsonb_typeof(VALUE) = 'array'")
