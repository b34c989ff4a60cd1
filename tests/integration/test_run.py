"""`run`: the nightly job in one command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tipoff.cli import main

if TYPE_CHECKING:
    import psycopg2.extensions

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.fixture(autouse=True)
def _environment(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIPOFF_DATABASE_URL", database_url)
    monkeypatch.setenv("TIPOFF_HOME", str(tmp_path))


def schema(name: str) -> Any:
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))


def test_one_command_turns_games_into_predictions_and_every_step_answers_by_its_schema(
    cursor: psycopg2.extensions.cursor, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--source", "simulated", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, schema("run"))
    assert [step["command"] for step in document["steps"]] == ["migrate", "ingest", "build", "predict", "grade"]
    for step in document["steps"]:
        jsonschema.validate(step["result"], schema(step["command"]))
    cursor.execute("select count(*) from gold.ml_game_predictions where live")
    (n,) = cursor.fetchone() or (0,)
    assert n == len(document["steps"][3]["result"]["games"]) > 0


def test_a_bad_file_is_left_out_and_the_later_steps_still_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "games.csv").write_text(
        "season,game_type,date,home_team,away_team,home_pts,away_pts\n"
        "2023-24,regular,2023-10-24,Denver Nuggets,Los Angeles Lakers,119,107\n"
    )
    (folder / "odds.csv").write_text("date,home_team,away_team,home_moneyline,away_moneyline\n2023-10-24,x,y,1,2\n")
    assert main(["run", "--source", f"files:{folder}", "--as-of", "2023-10-25T16:00:00Z", "--json"]) == 8
    steps = {step["command"]: step["exit_code"] for step in json.loads(capsys.readouterr().out)["steps"]}
    assert steps == {"migrate": 0, "ingest": 8, "build": 0, "predict": 0, "grade": 0}


def test_wrong_usage_of_a_step_ends_the_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["run", "--source", f"files:{tmp_path / 'nowhere'}", "--json"]) == 2
    steps = json.loads(capsys.readouterr().out)["steps"]
    assert [step["command"] for step in steps] == ["migrate", "ingest"]
    jsonschema.validate(steps[-1]["result"], schema("error"))


def test_an_unreachable_database_is_one_error_not_five(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TIPOFF_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert main(["run", "--json"]) == 3
    jsonschema.validate(json.loads(capsys.readouterr().out), schema("error"))
