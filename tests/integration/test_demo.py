"""The demo: the whole chain on a simulated league, in a database of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from tipoff.cli import main

if TYPE_CHECKING:
    from tipoff.settings import Settings

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "demo.schema.json"


@pytest.fixture(scope="module", autouse=True)
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> pytest.MonkeyPatch:
    patch = pytest.MonkeyPatch()
    patch.setenv("TIPOFF_HOME", str(tmp_path_factory.mktemp("demo")))
    return patch


def test_it_shows_a_slate_and_a_record_and_leaves_the_settings_database_alone(
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    cursor: object,
) -> None:
    monkeypatch.setenv("TIPOFF_DATABASE_URL", str(settings.database_url))
    assert main(["demo"]) == 0
    shown = capsys.readouterr().out
    assert "SIMULATED LEAGUE" in shown
    assert "(simulated, backfilled)" in shown
    assert "market (the price, vig removed)" in shown
    assert "always home" in shown
    assert "What next, with real games" in shown
    cursor.execute("select count(*) from gold.ml_prediction_log")  # type: ignore[attr-defined]
    assert cursor.fetchone() == (0,)  # type: ignore[attr-defined]


def test_it_can_be_run_again_and_answers_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert 6 <= len(document["games"]) <= 11
    (record,) = document["pooled"]
    assert (record["live"], record["in_sample"]) == (False, False)
    assert record["n"] > 400
    assert record["log_loss"] < record["home"]["log_loss"]
