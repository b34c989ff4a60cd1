"""What the database's catalogue says of relations: whether they are there, their columns and key, and our rights.

Everything is asked in one statement, before anything is read or written: the daily job is short, and a right that is
missing is better named before it is missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tipoff.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tipoff.database.connection import Cursor

RIGHTS = ("select", "insert", "update")


class Relation(NamedTuple):
    """One table or view; a relation that is not there has no columns."""

    name: str
    schema_open: bool
    rights: frozenset[str]
    columns: dict[str, str]
    unique_keys: frozenset[tuple[str, ...]]
    role: str

    @property
    def exists(self) -> bool:
        """Whether there is such a relation."""
        return bool(self.columns)

    @property
    def readable(self) -> bool:
        """Whether it is there and may be selected from."""
        return self.schema_open and "select" in self.rights


def describe(cursor: Cursor, names: Iterable[str]) -> dict[str, Relation]:
    """Each relation by its name, as `gold.ml_runs`; column types without length, unique keys sorted by column."""
    cursor.execute(
        "select w.name, coalesce(has_schema_privilege(n.oid, 'usage'), false), array_remove(array["
        + ", ".join(f"case when has_table_privilege(c.oid, '{right}') then '{right}' end" for right in RIGHTS)
        + "], null), array(select array[attname::text, format_type(atttypid, null)] from pg_attribute"
        " where attrelid = c.oid and attnum > 0 and not attisdropped order by attnum),"
        " array(select (select string_agg(a.attname, ',' order by a.attname) from pg_attribute a"
        " where a.attrelid = i.indrelid and a.attnum = any(i.indkey)) from pg_index i"
        " where i.indrelid = c.oid and i.indisunique and i.indimmediate and i.indpred is null and i.indexprs is null),"
        " current_user"
        " from unnest(%s::text[]) as w(name) left join pg_namespace n on n.nspname = split_part(w.name, '.', 1)"
        " left join pg_class c on c.relnamespace = n.oid and c.relname = split_part(w.name, '.', 2)",
        (list(names),),
    )
    return {
        name: Relation(
            name,
            schema_open,
            frozenset(rights),
            dict(columns),
            frozenset(tuple(key.split(",")) for key in keys if key),
            role,
        )
        for name, schema_open, rights, columns, keys, role in cursor.fetchall()
    }


def require(
    relations: Mapping[str, Relation], needed: Mapping[str, tuple[str, ...]], *, action: str = "Run tipoff migrate."
) -> None:
    """The relations are there and the role has the needed rights.

    Args:
        relations: As `describe` gave them.
        needed: Rights per relation, as `{"gold.ml_runs": ("insert",)}`.
        action: What to do about a relation that is not there.

    Raises:
        DatabaseError: Naming each relation or right that is missing, as a grant would.
    """
    if missing := [name for name in needed if not relations[name].exists]:
        raise DatabaseError(f"There is no table {', '.join(missing)}.", action)
    lacking: dict[str, None] = {}  # a set that keeps its order
    for name, rights in needed.items():
        relation = relations[name]
        if not relation.schema_open:
            lacking[f"USAGE on schema {name.partition('.')[0]}"] = None
        lacking |= {f"{right.upper()} on {name}": None for right in rights if right not in relation.rights}
    if lacking:
        role = relations[next(iter(needed))].role
        raise DatabaseError(f"The role {role} lacks {', '.join(lacking)}.", "Grant it, or use a role that has it.")


def require_rights(cursor: Cursor, needed: Mapping[str, tuple[str, ...]]) -> None:
    """`describe` and `require` in one call, for commands that need nothing else of the catalogue."""
    require(describe(cursor, needed), needed)
