"""Ingest and build of a whole folder of games, as ratios to plain COPY of the same files in the same run.

    .venv/bin/python benchmarks/warehouse.py FOLDER

The floor reads each file of FOLDER, unchecked, into a table of text columns of the same embedded PostgreSQL.
Seconds are of whole processes, but for those of the dbt nodes, which dbt measures.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg2

from tipoff.database.embedded import running_server

AS_OF = "2024-08-01T00:00:00Z"


def main(folder: Path) -> None:
    """Measure floor, ingest, ingest again, build and its nodes."""
    with tempfile.TemporaryDirectory() as home, running_server(Path(home)) as server:
        url = f"postgresql://{server.user}@/postgres?host={server.socket_dir}&port={server.port}"
        environment = {**os.environ, "TIPOFF_DATABASE_URL": url, "TIPOFF_HOME": home}
        tipoff(environment, "migrate")
        floor = plain_copy(url, folder)
        print(f"{'plain COPY of the files':<28} {floor:6.1f} s")
        for label in ("ingest", "ingest again"):
            seconds, _ = tipoff(environment, "ingest", "--source", f"files:{folder}")
            print(f"{label:<28} {seconds:6.1f} s  {seconds / floor:6.1f} floors")
        seconds, document = tipoff(environment, "build", "--as-of", AS_OF)
        print(f"{'build':<28} {seconds:6.1f} s  {seconds / floor:6.1f} floors  ({document['history']} past games)")
        for node, spent in sorted(document["seconds"].items(), key=lambda item: -item[1])[:10]:
            print(f"  {node:<26} {spent:6.1f} s")
        print(f"  {'all nodes':<26} {sum(document['seconds'].values()):6.1f} s")
        label = "backfill of 2022-23"
        seconds, document = tipoff(environment, "predict", "--season", "2022-23")
        print(f"{label:<28} {seconds:6.1f} s  {seconds / floor:6.1f} floors  ({len(document['games'])} games)")
        seconds, _ = tipoff(environment, "grade")
        print(f"{'grade':<28} {seconds:6.1f} s  {seconds / floor:6.1f} floors")


def tipoff(environment: dict[str, str], *arguments: str) -> tuple[float, dict[str, object]]:
    """Seconds of one command as a whole process, and its JSON document."""
    command = [str(Path(sys.executable).parent / "tipoff"), *arguments, "--json"]
    started = time.perf_counter()
    done = subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - started, json.loads(done.stdout)


def plain_copy(url: str, folder: Path) -> float:
    """Seconds to COPY every .csv.gz of the folder into tables of text columns."""
    connection = psycopg2.connect(url)
    started = time.perf_counter()
    with connection, connection.cursor() as cursor:
        for path in sorted(folder.glob("*.csv.gz")):
            with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
                columns = ", ".join(f"c{i} text" for i, _ in enumerate(next(csv.reader(file))))
                cursor.execute(f"create temp table floor_{path.name.partition('.')[0]} ({columns})")
                cursor.copy_expert(f"copy floor_{path.name.partition('.')[0]} from stdin with (format csv)", file)
    seconds = time.perf_counter() - started
    connection.close()
    return seconds


if __name__ == "__main__":
    main(Path(sys.argv[1]))
