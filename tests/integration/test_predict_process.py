"""`tipoff predict` as a process, what it prints, what it imports, and the models it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from tipoff.model.bundle import SHIPPED, dumps, load_bundle, sealed

NOTHING = {"ml_game_predictions": 0, "ml_prediction_log": 0, "ml_runs": 0}
BUCKS = {"home_team": "Milwaukee Bucks", "away_team": "Chicago Bulls"}
AS_OF = ("--as-of", "2024-01-15T16:00:00Z")
HEAVY = {
    "pandas",
    "numpy",
    "sklearn",
    "dbt",
    "pyarrow",
    "rich",
    "scipy",
    "logging",
    "dataclasses",
    "pathlib",
    "asyncio",
}


def test_a_predict_process_imports_nothing_heavy(warehouse):
    warehouse.features({}, BUCKS)
    script = (
        "import sys; from tipoff.cli import main; code = main(sys.argv[1:]);"
        " print(code, *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, "predict", *AS_OF],
        env=warehouse.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    code, *modules = done.stdout.splitlines()[-1].split()
    assert code == "0"
    # site itself may import some, for packages installed in place; the command adds none of them.
    before = subprocess.run(
        [sys.executable, "-I", "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not (HEAVY & set(modules)) - set(before)


# What it prints


def test_the_process_answers_on_stdout_and_logs_on_stderr(warehouse):
    warehouse.features({}, {**BUCKS, "home_days_rest": None})
    answer = warehouse.process("predict", *AS_OF)
    assert answer.code == 5
    assert "Miami Heat              Boston Celtics" in answer.out
    assert "Refused Chicago Bulls at Milwaukee Bucks, 2024-01-15: home_days_rest is NULL." in answer.out
    assert "warning: refused Chicago Bulls at Milwaukee Bucks" in answer.err


def test_json_is_one_document_with_the_contract_s_fields(warehouse):
    warehouse.features({}, {**BUCKS, "home_moneyline": None}, {"home_team": "Seattle Supersonics"})
    answer = warehouse.process("predict", *AS_OF, "--json")
    document = answer.document  # json.loads takes exactly one
    assert {"run_id", "as_of", "model_id", "games", "refused"} <= set(document)
    assert document["as_of"] == "2024-01-15T16:00:00+00:00"
    assert document["model_id"] == load_bundle("champion").model_id
    boston, bucks = document["games"]
    fields = ["game_date", "home_team", "away_team", "variant", "p_home", "p_home_blind", "p_home_anchored"]
    assert [boston[name] for name in fields[:4]] == ["2024-01-15", "Boston Celtics", "Miami Heat", "anchored"]
    assert boston["p_home"] == boston["p_home_anchored"]
    assert (bucks["p_home"], bucks["p_home_anchored"], bucks["p_home_market"]) == (bucks["p_home_blind"], None, None)
    (refused,) = document["refused"]
    assert set(refused) == {"game_date", "home_team", "away_team", "reason"}
    assert refused["home_team"] == "Seattle Supersonics"


def test_json_of_no_games_has_the_same_fields(warehouse):
    warehouse.features()
    document = warehouse.predict("--json").document
    assert (document["games"], document["refused"]) == ([], [])
    assert {"run_id", "as_of", "model_id", "note"} <= set(document)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("predict",), 3),  # there is no feature table
        (("predict", "--date", "2024-02-30"), 2),
        (("predict", "--as-of", "2024-01-15"), 2),
        (("predict", "--season", "2023"), 2),
        (("predict", "--season", "2023-24", "--date", "2024-01-15"), 2),
        (("predict", "--nonsense"), 2),
        (("predikt",), 2),
    ],
)
def test_a_failure_with_json_is_one_error_document(warehouse, arguments, code):
    answer = warehouse.run(*arguments, "--json")
    assert answer.code == code
    error = answer.document["error"]
    assert set(error) == {"code", "message", "action"}
    assert error["code"] == code
    assert error["action"]
    assert answer.err == ""


def test_log_lines_are_json_where_nobody_watches(warehouse):
    warehouse.features({})
    answer = warehouse.process("predict", *AS_OF, TIPOFF_LOG_FORMAT="")
    lines = [json.loads(line) for line in answer.err.splitlines()]
    assert {(line["command"], line["level"]) for line in lines} == {("predict", "info")}
    assert {line["run_id"] for line in lines} == {warehouse.rows("gold.ml_runs")[0]["run_id"]}


def test_a_reader_who_left_is_no_error(warehouse):
    warehouse.features({}, BUCKS)
    process = warehouse.start("predict", *AS_OF)
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 0
    assert len(warehouse.rows()) == 2


# Models


@pytest.fixture
def model_file(tmp_path):
    """Writes a bundle, sealed after `change` has had its way with the document, and gives the file's path."""

    def write(change=lambda document: None, *, seal=True):
        document = json.loads(json.dumps(load_bundle("five-2023-24").document))
        change(document)
        file = tmp_path / "model.json"
        file.write_text(dumps(sealed(document) if seal else document))
        return str(file)

    return write


def test_a_model_of_one_s_own_is_used_and_named(warehouse, model_file):
    def other(document):
        document["name"] = "mine"
        document["heads"]["anchored"]["intercept"] = 0.0
        document["training"]["seasons"] = ["2021-22"]

    warehouse.features({})
    warehouse.predict()
    assert warehouse.predict(TIPOFF_MODEL=model_file(other)).code == 0
    first, second = warehouse.ledger()
    assert first["model_id"] != second["model_id"]
    assert (first["in_sample"], second["in_sample"]) == (True, False)
    assert warehouse.rows()[0]["model_id"] == second["model_id"]


def test_a_model_that_is_not_there(warehouse, tmp_path):
    warehouse.features({})
    for name in ["no-such-model", str(tmp_path / "none.json"), str(tmp_path), "s3://bucket/key"]:
        answer = warehouse.predict(TIPOFF_MODEL=name)
        assert answer.code == 7
        assert name in answer.err
    assert warehouse.written == NOTHING


def test_a_model_that_is_cut_short_or_edited(warehouse, model_file):
    warehouse.features({})
    file = Path(model_file())
    whole = file.read_text()
    for damaged, said in [
        (whole[: len(whole) // 2], "is not whole JSON"),
        ("", "is not whole JSON"),
        (whole.replace('"intercept": 0.1', '"intercept": 0.2', 1), "was changed after it was written"),
        (whole.replace('"name": "five', '"name": "four', 1), "was changed after it was written"),
        (whole.replace('"intercept":', '"intercept": 0.5, "intercept":', 1), "a key is there twice"),
        ("[]", "is not a bundle of format 1"),
        ("[" * 100_000, "is not whole JSON"),
    ]:
        file.write_text(damaged)
        answer = warehouse.predict(TIPOFF_MODEL=str(file))
        assert answer.code == 7
        assert said in answer.err
    assert warehouse.written == NOTHING


def use_feature(name):
    def change(document):
        document["heads"]["blind"]["features"][0]["name"] = name

    return change


def test_a_model_made_for_other_features_names_them(warehouse, model_file):
    warehouse.features({})
    answer = warehouse.predict(TIPOFF_MODEL=model_file(use_feature("home_elo")))
    assert answer.code == 7
    assert "The model needs home_elo, which silver.ml_game_features does not have." in answer.err
    assert warehouse.written == NOTHING


def test_a_column_may_have_any_name(warehouse, model_file):
    warehouse.features({'"Opp. 3P%%"': 0.4}, types={'"Opp. 3P%"': "real"})
    assert warehouse.predict(TIPOFF_MODEL=model_file(use_feature("Opp. 3P%"))).code == 0


def test_a_number_beyond_all_bounds_is_refused_and_not_scored(warehouse, model_file):
    warehouse.features({"home_elo": 1e300}, {**BUCKS, "home_elo": 1500}, types={"home_elo": "float8"})
    answer = warehouse.predict("--json", TIPOFF_MODEL=model_file(use_feature("home_elo")))
    assert (answer.code, len(answer.document["games"])) == (5, 1)
    assert answer.document["refused"][0]["reason"] == "home_elo is 1e+300, which no game can have"


def test_a_model_may_read_columns_of_its_own_and_they_are_checked(warehouse, model_file):
    warehouse.features({"home_elo": 1600}, {**BUCKS, "home_elo": None}, types={"home_elo": "int"})
    answer = warehouse.predict("--json", TIPOFF_MODEL=model_file(use_feature("home_elo")))
    assert answer.code == 5
    assert answer.document["refused"][0]["reason"] == "home_elo is NULL"
    assert warehouse.ledger()[0]["features"]["home_elo"] == 1600


def blind_sees_the_price(document):
    document["heads"]["blind"]["features"][0]["name"] = "market_logit"


def an_input_twice(document):
    features = document["heads"]["anchored"]["features"]
    features.append(dict(features[1]))


def no_scale(document):
    document["heads"]["anchored"]["features"][0]["scale"] = 0


def no_blind_head(document):
    del document["heads"]["blind"]


def a_number_as_text(document):
    document["heads"]["anchored"]["intercept"] = "much"


@pytest.mark.parametrize(
    "change",
    [blind_sees_the_price, an_input_twice, no_scale, no_blind_head, a_number_as_text],
    ids=lambda f: f.__name__,
)
def test_a_model_that_makes_no_sense_is_refused_though_its_seal_is_whole(warehouse, model_file, change):
    warehouse.features({})
    answer = warehouse.predict(TIPOFF_MODEL=model_file(change))
    assert answer.code == 7
    assert "lacks something or has it in a wrong shape" in answer.err


def test_damaged_aliases_are_named(warehouse, tmp_path):
    (tmp_path / "home" / "models").mkdir(parents=True)
    (tmp_path / "home" / "models" / "aliases.json").write_text('{"champion": ')
    answer = warehouse.predict()
    assert answer.code == 7
    assert "aliases.json is not a JSON object of names" in answer.err


def test_an_alias_of_one_s_own_wins_over_the_shipped_one(warehouse, tmp_path, model_file):
    def rename(document):
        document["name"] = "mine"

    folder = tmp_path / "home" / "models"
    folder.mkdir(parents=True)
    Path(model_file(rename)).rename(folder / "mine.json")
    (folder / "aliases.json").write_text('{"champion": "mine"}')
    warehouse.features({})
    assert warehouse.predict("--json").document["model_id"] == load_bundle("mine", home=tmp_path / "home").model_id


def test_the_shipped_champion_is_what_the_contract_names():
    assert json.loads(Path(SHIPPED, "aliases.json").read_text()) == {"champion": "five-2023-24"}
    bundle = load_bundle("champion")
    assert (bundle.name, bundle.seasons) == ("five-2023-24", {"2023-24"})
    assert [len(head.inputs) for head in (bundle.anchored, bundle.blind)] == [9, 8]
    assert date.fromisoformat(bundle.document["training"]["first_date"]).year == 2023
