"""The whole job on real games: what the README says of seasons that the model has not seen, and how it was fitted."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest

from tipoff.cli import main
from tipoff.model.bundle import SHIPPED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tipoff.database.embedded import ServerAddress

README = Path(__file__).parents[2] / "README.md"
UNSEEN = ["2016-17", "2017-18", "2018-19", "2019-20", "2020-21", "2021-22", "2022-23"]


@pytest.fixture(scope="module")
def home(
    server: ServerAddress, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[pytest.MonkeyPatch]:
    """An environment whose database has every real game ingested and built."""
    name = f"real_{uuid.uuid4().hex[:8]}"
    admin = psycopg2.connect(host=server.socket_dir, port=server.port, user=server.user, dbname="postgres")
    admin.autocommit = True
    with admin.cursor() as cursor, pytest.MonkeyPatch.context() as patch:
        cursor.execute(f"create database {name}")
        patch.setenv(
            "TIPOFF_DATABASE_URL", f"postgresql://{server.user}@/{name}?host={server.socket_dir}&port={server.port}"
        )
        patch.setenv("TIPOFF_HOME", str(tmp_path_factory.mktemp("tipoff")))
        assert main(["migrate"]) == 0
        assert main(["ingest", "--source", f"files:{real_data}"]) == 0
        assert main(["build", "--as-of", "2024-08-01T00:00:00Z"]) == 0
        yield patch
        cursor.execute(f"drop database {name} with (force)")
    admin.close()


@pytest.fixture(scope="module")
def seasons(
    home: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, bool], dict[str, Any]]:
    """Regular-season figures by season and in_sample, after a backfill of 2016-17 to 2023-24."""
    assert main(["predict", "--from", "2016-10-01", "--to", "2024-07-31"]) == 0
    document = answer(["grade", "--json"])
    rows = document["seasons"] + [{**row, "season": row["seasons"]} for row in document["pooled"]]
    return {(row["season"], row["in_sample"]): row for row in rows}


def answer(arguments: list[str]) -> dict[str, Any]:
    """A command's JSON document."""
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(arguments) == 0
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def test_training_again_gives_the_bundle_that_ships(home: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert main(["train", "--season", "2023-24", "--name", "five-2023-24", "--output", str(tmp_path)]) == 0
    fitted = json.loads((tmp_path / "five-2023-24.json").read_text())
    shipped = json.loads(Path(SHIPPED, "five-2023-24.json").read_text())
    if fitted["library_versions"] == shipped["library_versions"]:
        assert fitted == shipped
    assert fitted["training"] == shipped["training"]
    for head in ("anchored", "blind"):
        for ours, theirs in zip(fitted["heads"][head]["features"], shipped["heads"][head]["features"], strict=True):
            assert ours.pop("name") == theirs.pop("name")
            assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("season", UNSEEN)
def test_anchored_accuracy_is_at_least_645_in_every_unseen_season(seasons: Any, season: str) -> None:
    assert seasons[season, False]["accuracy"] >= 0.645


def test_anchored_is_within_8_thousandths_of_the_markets_log_loss_pooled(seasons: Any) -> None:
    pooled = seasons["2016-17 to 2022-23", False]
    assert pooled["n"] == pooled["market"]["n"] == 8289
    assert pooled["log_loss"] - pooled["market"]["log_loss"] <= 0.008


def test_the_training_season_is_reported_apart(seasons: Any) -> None:
    assert ("2023-24", True) in seasons
    assert ("2023-24", False) not in seasons


def test_the_readme_quotes_these_figures(seasons: Any) -> None:
    readme = README.read_text(encoding="utf-8")
    for season in UNSEEN:
        row = seasons[season, False]
        figures = [row, row["market"], row["blind"], row["home"]]
        cells = " | ".join(f"{scores['log_loss']:.4f} / {scores['accuracy']:.1%}" for scores in figures)
        assert f"| {season} | {row['n']:,} | {cells} |" in readme
    pooled = seasons["2016-17 to 2022-23", False]
    assert f"{pooled['n']:,} regular-season games of 2016-17 to 2022-23" in readme
    for scores in (pooled, pooled["market"], pooled["blind"], pooled["home"]):
        assert f"{scores['log_loss']:.4f}" in readme
        assert f"({scores['accuracy']:.1%})" in readme or f"(accuracy {scores['accuracy']:.1%})" in readme


def test_a_season_that_ran_into_october_keeps_its_label(home: pytest.MonkeyPatch) -> None:
    with psycopg2.connect(os.environ["TIPOFF_DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select distinct season from silver.ml_game_features_history where game_date between %s and %s",
            ("2020-08-01", "2020-10-31"),
        )
        assert cursor.fetchall() == [("2019-20",)]
    connection.close()
