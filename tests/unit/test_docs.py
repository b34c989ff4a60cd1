"""What the documents say is what the code does."""

from __future__ import annotations

import csv
import json
from importlib import import_module, resources
from pathlib import Path

import jsonschema
import pytest

from tipoff.cli import COMMANDS, EXIT_CODES, overview
from tipoff.model.bundle import load_bundle
from tipoff.model.card import model_card
from tipoff.settings import SETTINGS
from tipoff.teams import TEAMS

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "docs" / "schemas"


def test_the_shipped_models_card_is_generated_from_its_bundle() -> None:
    card = (ROOT / "docs" / "models" / "five-2023-24.md").read_text(encoding="utf-8")
    assert card == model_card(load_bundle("five-2023-24").document)


def test_the_champion_is_five_2023_24_until_a_better_one_is_promoted() -> None:
    assert load_bundle("champion") == load_bundle("five-2023-24")


def test_the_shipped_bundle_has_nine_anchored_and_eight_blind_inputs() -> None:
    bundle = load_bundle("five-2023-24")
    blind = [i.name for i in bundle.blind.inputs]
    assert [i.name for i in bundle.anchored.inputs] == ["market_logit", *blind]
    assert len(blind) == 8
    assert bundle.seasons == {"2023-24"}
    assert bundle.document["training"]["n"] == 1230


def test_the_teams_seed_is_the_teams_table() -> None:
    seed = resources.files("tipoff") / "dbt" / "seeds" / "teams.csv"
    rows = list(csv.DictReader(seed.read_text(encoding="utf-8").splitlines()))
    assert [(r["team"], r["abbreviation"], r["conference"]) for r in rows] == [team[:3] for team in TEAMS]


def test_each_conference_has_fifteen_teams() -> None:
    assert sorted(team.conference for team in TEAMS) == ["East"] * 15 + ["West"] * 15


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_of_itself(command: str) -> None:
    module = import_module(f"tipoff.cli.{command}")
    assert module.__doc__
    assert f"tipoff {command}" in module.EXAMPLES


def test_the_overview_lists_every_command_setting_and_exit_code() -> None:
    text = overview()
    assert all(f"  {command} " in text for command in COMMANDS)
    assert all(setting.variable in text for setting in SETTINGS)
    assert EXIT_CODES in text


@pytest.mark.parametrize("schema", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.name)
def test_every_schema_is_a_valid_json_schema(schema: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(schema.read_text(encoding="utf-8")))


def test_every_command_with_json_has_a_schema() -> None:
    assert {path.name.removesuffix(".schema.json") for path in SCHEMAS.glob("*.json")} == {*COMMANDS, "error"}


def test_no_lock_names_a_host() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in lock.read_text(encoding="utf-8"), lock.name
