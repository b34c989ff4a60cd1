"""`tipoff build`: run the dbt project that ships in the package, quietly, and say what it made."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

from tipoff.database.connection import open_connection, translated_errors, without_secret
from tipoff.database.locks import BUILD, take_lock
from tipoff.errors import ContractError, DatabaseError, TipoffError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from tipoff.database.connection import Connection, Cursor

SOURCES = ("bronze.games", "bronze.odds", "bronze.player_box", "bronze.injuries")
UPCOMING = "silver.ml_game_features"
HISTORY = "silver.ml_game_features_history"

# What libpq reads from the environment, for parameters that dbt's profile has no place for.
LIBPQ_VARIABLES = {
    "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE",
    "hostaddr": "PGHOSTADDR",
    "krbsrvname": "PGKRBSRVNAME",
    "options": "PGOPTIONS",
    "passfile": "PGPASSFILE",
    "require_auth": "PGREQUIREAUTH",
    "sslcert": "PGSSLCERT",
    "sslcrl": "PGSSLCRL",
    "sslkey": "PGSSLKEY",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}


@dataclass(frozen=True)
class BuildReport:
    """What a build left behind.

    Attributes:
        upcoming: Rows of `silver.ml_game_features`.
        history: Rows of `silver.ml_game_features_history`.
        seconds: Wall time per dbt node, in the order they finished.
    """

    upcoming: int
    history: int
    seconds: dict[str, float] = field(default_factory=dict)


def build_features(
    parameters: Mapping[str, Any],
    *,
    as_of: datetime,
    home: Path,
    on_node: Callable[[str, str, float], None] | None = None,
    threads: int = 2,
) -> BuildReport:
    """Build `silver` from `bronze` as known at `as_of`, then run the data tests.

    Args:
        parameters: libpq connection parameters, as `connection_parameters` gives them.
        as_of: Aware instant; "today" is its US/Eastern date.
        home: Folder for dbt's target and logs; the package's own folder is never written to.
        on_node: Called with name, status and seconds of each node as it finishes, from dbt's threads.
        threads: Nodes that run at the same time.

    Raises:
        UsageError: dbt is not installed.
        DatabaseError: Unreachable, not migrated, or the role lacks a right.
        ContractError: A data test or an enforced contract failed.
    """
    with translated_errors(parameters), _locked(parameters) as connection:
        with connection.cursor() as cursor:
            _require_sources(cursor)
            # The planner knows nothing of what was ingested a moment ago. A role that may not analyze goes without.
            cursor.execute(f"analyze {', '.join(SOURCES)}")
        with _environment(_dbt_environment(connection, parameters, threads)):
            seconds = _run(as_of, home / "dbt", on_node, connection.info.password)
        with connection.cursor() as cursor:
            return BuildReport(_count(cursor, UPCOMING), _count(cursor, HISTORY), seconds)


def dbt_arguments(command: str, *, as_of: datetime, work: Path) -> list[str]:
    """The arguments of a dbt command on the packaged project, writing only below `work` and printing nothing."""
    project = str(resources.files("tipoff") / "dbt")
    return [
        *("--quiet", "--no-print", "--log-level", "none", "--log-level-file", "info", "--no-version-check"),
        *("--no-send-anonymous-usage-stats", "--log-path", str(work / "logs")),
        command,
        *("--project-dir", project, "--profiles-dir", project, "--target", "warehouse"),
        *("--target-path", str(work / "target")),
        *("--vars", json.dumps({"as_of": as_of.isoformat()})),
    ]


def invoke_dbt(arguments: list[str], on_event: Callable[[Any], None] | None = None) -> Any:
    """Run a dbt command in this process, for its own result.

    Raises:
        UsageError: dbt is not installed.
    """
    try:
        from dbt.cli.main import dbtRunner
    except ImportError as error:
        raise UsageError(
            "build needs dbt, which is not installed.", "Install it: pip install 'tipoff[pipeline]'"
        ) from error
    try:
        return dbtRunner(callbacks=[on_event] if on_event else []).invoke(arguments)
    finally:
        for handler in logging.getLogger("file_log").handlers:
            handler.close()  # dbt leaves its log file open until the process ends


@contextlib.contextmanager
def _locked(parameters: Mapping[str, Any]) -> Iterator[Connection]:
    # dbt's temporary tables have fixed names, so one build at a time. A transaction of its own holds the lock: behind a
    # pooler a session's lock would outlive this process, or end before it.
    holder, connection = (open_connection(parameters) for _ in range(2))
    try:
        with holder.cursor() as cursor:
            take_lock(cursor, BUILD)
        connection.autocommit = True
        yield connection
    finally:
        connection.close()
        holder.close()


def _require_sources(cursor: Cursor) -> None:
    cursor.execute("select name from unnest(%s) as t(name) where to_regclass(name) is null", (list(SOURCES),))
    if missing := [name for (name,) in cursor.fetchall()]:
        raise DatabaseError(f"There is no table {', '.join(missing)}.", "Run tipoff migrate.")


def _count(cursor: Cursor, relation: str) -> int:
    cursor.execute(f"select count(*) from {relation}")
    return int(cursor.fetchone()[0])  # type: ignore[index]


def _dbt_environment(connection: Connection, parameters: Mapping[str, Any], threads: int) -> dict[str, str]:
    """Where the open connection leads, in the variables of profiles.yml, and the rest in libpq's own."""
    info = connection.info
    return {
        "TIPOFF_DBT_HOST": info.host,
        "TIPOFF_DBT_PORT": str(info.port),
        "TIPOFF_DBT_USER": info.user,
        "TIPOFF_DBT_DBNAME": info.dbname,
        "TIPOFF_DBT_THREADS": str(threads),
        "DBT_ENV_SECRET_TIPOFF_PASSWORD": info.password or "",
    } | {LIBPQ_VARIABLES[name]: str(value) for name, value in parameters.items() if name in LIBPQ_VARIABLES}


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _run(
    as_of: datetime,
    work: Path,
    on_node: Callable[[str, str, float], None] | None,
    password: str | None,
) -> dict[str, float]:
    seconds: dict[str, float] = {}

    def listen(event: Any) -> None:
        if event.info.name != "NodeFinished":
            return
        node, result = event.data.node_info, event.data.run_result
        seconds[node.node_name] = result.execution_time
        if on_node:
            on_node(node.node_name, node.node_status, result.execution_time)

    arguments = [*dbt_arguments("build", as_of=as_of, work=work), "--exclude-resource-type", "unit_test"]
    outcome = invoke_dbt(arguments, listen)
    if isinstance(outcome.exception, KeyboardInterrupt):
        raise outcome.exception  # dbt keeps even this as a result
    if not outcome.success:
        log = f"The whole story is in {work / 'logs' / 'dbt.log'}."
        raise _explained(outcome, lambda text: without_secret(text, password), log)
    return seconds


def _explained(outcome: Any, clean: Callable[[str], str], log: str) -> TipoffError:
    """The first failure as one sentence; what was only skipped because of it says nothing new."""
    failures = [
        r for r in getattr(outcome.result, "results", None) or () if r.status in ("error", "fail", "runtime error")
    ]
    if not failures:
        return _by_reason(f"dbt did not run: {_reason(clean(str(outcome.exception)))}.", log)
    first = failures[0]
    name, reason = first.node.name, _reason(clean(first.message or str(first.status)))
    if first.status == "fail":
        meaning = " ".join((first.node.description or reason).split()).rstrip(".")
        return ContractError(f"The data test {name} found {first.failures} rows: {meaning}.", log)
    return _by_reason(f"The dbt node {name} failed: {reason}.", log)


def _by_reason(sentence: str, log: str) -> TipoffError:
    if "permission denied" in sentence:
        return DatabaseError(sentence, "Grant it, or use a role that has it.")
    if "contract" in sentence or "violates" in sentence:
        return ContractError(sentence, log)
    return TipoffError(sentence, log)


def _reason(message: str) -> str:
    """The line that says what is wrong: dbt heads it with the kind and place of the error."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    said = [line for line in lines if not line.startswith(("Database Error", "Compilation Error", "Runtime Error"))]
    return (said or lines or ["no reason given"])[0].rstrip(".")
