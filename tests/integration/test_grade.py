"""`tipoff grade`: official predictions against results, worked out by hand beside it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from math import log

import pytest

MODEL = "m" * 64
MONDAY = date(2024, 1, 15)
CELTICS, HEAT, JAZZ, BULLS = "Boston Celtics", "Miami Heat", "Utah Jazz", "Chicago Bulls"


class Book:
    """A ledger filled by hand, and the results."""

    def __init__(self, warehouse):
        self.warehouse = warehouse
        self.n = 0

    def said(self, p_home, market=None, *, day=MONDAY, home=CELTICS, away=HEAT, hour=16, live=True, **columns):
        """A prediction made at `hour` UTC of the game's date."""
        self.n += 1
        at = datetime.combine(day, time(), UTC) + timedelta(hours=hour)
        row = {
            "log_id": self.n,
            "game_date": day,
            "home_team": home,
            "away_team": away,
            "season": "2023-24",
            "model_id": MODEL,
            "variant": "blind" if market is None else "anchored",
            "p_home": p_home,
            "p_home_blind": 0.55,
            "p_home_anchored": None if market is None else p_home,
            "p_home_market": market,
            "features": "{}",
            "as_of": at,
            "predicted_at": at,
            "live": live,
            "in_sample": False,
            "run_id": "r",
            "prev_hash": "",
            "row_hash": f"{self.n}",
        }
        self.warehouse.insert("gold.ml_prediction_log", row | columns)

    def result(self, home_pts, away_pts, *, day=MONDAY, home=CELTICS, away=HEAT, **columns):
        self.warehouse.scheduled(home, away, day, home_pts=home_pts, away_pts=away_pts, **columns)

    def grade(self):
        answer = self.warehouse.run("grade", "--json")
        assert answer.code == 0, answer.err
        return answer.document

    def results(self):
        return self.warehouse.rows("gold.ml_prediction_results")


@pytest.fixture
def book(warehouse):
    return Book(warehouse)


def test_four_games_by_hand(book):
    book.said(0.8, 0.75, home=CELTICS)
    book.said(0.6, 0.7, home=JAZZ)
    book.said(0.3, home=BULLS)  # no price
    book.said(0.5, 0.45, home="Denver Nuggets")  # neither side: half correct
    book.result(100, 90, home=CELTICS)
    book.result(90, 100, home=JAZZ)
    book.result(88, 89, home=BULLS)
    book.result(120, 100, home="Denver Nuggets")

    (figures,) = book.grade()["seasons"]

    assert (figures["season"], figures["live"], figures["in_sample"]) == ("2023-24", True, False)
    assert (figures["model_id"], figures["n"]) == (MODEL, 4)
    assert figures["accuracy"] == (1 + 0 + 1 + 0.5) / 4
    assert figures["log_loss"] == pytest.approx(-(log(0.8) + log(0.4) + log(0.7) + log(0.5)) / 4)
    assert figures["brier"] == pytest.approx((0.2**2 + 0.6**2 + 0.3**2 + 0.5**2) / 4)
    # Bins of width 0.1, one game in each: |0.8 - 1|, |0.6 - 0|, |0.3 - 0|, |0.5 - 1|.
    assert figures["ece"] == pytest.approx((0.2 + 0.6 + 0.3 + 0.5) / 4)
    assert figures["priced"] == {
        "n": 3,
        "accuracy": (1 + 0 + 0.5) / 3,
        "log_loss": pytest.approx(-(log(0.8) + log(0.4) + log(0.5)) / 3),
        "brier": pytest.approx((0.2**2 + 0.6**2 + 0.5**2) / 3),
    }
    assert figures["market"] == {
        "n": 3,
        "accuracy": pytest.approx(1 / 3),
        "log_loss": pytest.approx(-(log(0.75) + log(0.3) + log(0.45)) / 3),
        "brier": pytest.approx((0.25**2 + 0.7**2 + 0.55**2) / 3),
    }
    assert figures["home"] == {  # always home: 2 of 4; the rate is 0.58, for no earlier season is known
        "n": 4,
        "accuracy": 0.5,
        "log_loss": pytest.approx(-(2 * log(0.58) + 2 * log(0.42)) / 4),
        "brier": pytest.approx((2 * 0.42**2 + 2 * 0.58**2) / 4),
    }


def test_each_game_s_row_holds_its_own_figures(book):
    book.said(0.8, 0.75)
    book.result(90, 100)
    book.grade()
    (row,) = book.results()
    assert (row["home_won"], row["correct"], row["market_correct"]) == (False, 0.0, 0.0)
    assert (row["log_loss"], row["brier"]) == (pytest.approx(-log(0.2)), pytest.approx(0.64))
    assert (row["market_log_loss"], row["market_brier"]) == (pytest.approx(-log(0.25)), pytest.approx(0.75**2))


def test_the_home_rate_is_of_the_three_seasons_before(book):
    book.said(0.8)
    book.result(100, 90)
    for season, day, home_won in [
        ("2022-23", date(2023, 1, 1), True),
        ("2021-22", date(2022, 1, 1), True),
        ("2021-22", date(2022, 1, 2), False),
        ("2020-21", date(2021, 1, 1), True),
        ("2019-20", date(2020, 1, 1), False),  # a fourth season back
    ]:
        book.result(100, 90 if home_won else 110, day=day, season=season)
    book.result(100, 90, day=date(2023, 5, 1), season="2022-23", game_type="playoff")  # does not count
    home = book.grade()["seasons"][0]["home"]
    assert (home["accuracy"], home["log_loss"]) == (1.0, pytest.approx(-log(3 / 4)))


# Which prediction is the official one


def test_the_last_live_prediction_before_tip_off_is_official(book):
    tip_off = datetime(2024, 1, 16, 0, 30, tzinfo=UTC)
    book.said(0.1, hour=12)
    book.said(0.7, hour=24)
    book.said(0.9, hour=25)  # after tip-off, whatever it calls itself
    book.said(0.2, hour=16, live=False)  # and a replay
    book.result(100, 90, tip_off_at=tip_off)
    book.grade()
    assert [(row["p_home"], row["live"]) for row in book.results()] == [(0.7, True)]


def test_a_game_without_a_tip_off_starts_at_noon_eastern(book):
    book.said(0.7, hour=16)
    book.said(0.9, hour=17)
    book.result(100, 90)
    book.grade()
    assert [row["p_home"] for row in book.results()] == [0.7]


def test_without_a_live_one_the_backfilled_prediction_is_official(book):
    book.said(0.6, live=False, hour=15)
    book.said(0.65, live=False, hour=17)  # as of the start itself
    book.result(100, 90)
    document = book.grade()
    assert [(row["p_home"], row["live"]) for row in book.results()] == [(0.65, False)]
    assert document["seasons"][0]["live"] is False


def test_two_models_are_graded_side_by_side(book):
    book.said(0.6)
    book.said(0.7, model_id="other")
    book.result(100, 90)
    assert {(s["model_id"], s["n"]) for s in book.grade()["seasons"]} == {(MODEL, 1), ("other", 1)}


def test_games_in_the_training_seasons_are_reported_apart(book):
    book.said(0.6, live=False)
    book.said(0.9, home=JAZZ, live=False, in_sample=True)
    book.result(100, 90)
    book.result(100, 90, home=JAZZ)
    seasons = book.grade()["seasons"]
    assert [(s["in_sample"], s["n"], s["log_loss"]) for s in seasons] == [
        (False, 1, pytest.approx(-log(0.6))),
        (True, 1, pytest.approx(-log(0.9))),
    ]


@pytest.mark.parametrize("game_type", ["play-in", "playoff", "cup-final"])
def test_other_than_regular_games_are_graded_but_no_part_of_the_figures(book, game_type):
    book.said(0.6)
    book.result(100, 90, game_type=game_type)
    document = book.grade()
    assert (document["graded"], document["seasons"]) == (1, [])
    assert book.warehouse.count("gold.ml_accuracy_total") == 0


def test_a_game_that_was_not_played_is_not_graded(book):
    book.said(0.6)
    book.warehouse.scheduled(CELTICS, HEAT)
    answer = book.warehouse.run("grade")
    assert (answer.code, answer.out) == (0, "No regular-season game has both a prediction and a result yet.\n")


# Again, and corrected


def graded_tables(book):
    return {
        name: book.warehouse.rows(f"(select t.xmin::text, t.* from gold.{name} t) t", "2, 3, 4, 5")
        for name in ("ml_prediction_results", "ml_accuracy_daily", "ml_accuracy_total")
    }


def test_grading_twice_changes_nothing(book):
    book.said(0.8, 0.75)
    book.said(0.6, home=JAZZ)
    book.result(100, 90)
    book.result(100, 90, home=JAZZ)
    first = book.grade()
    tables = graded_tables(book)
    again = book.grade()
    assert (first["graded"], again["graded"]) == (2, 0)
    assert graded_tables(book) == tables  # not even rewritten: xmin and graded_at stand
    assert again["seasons"] == first["seasons"]


def test_a_corrected_result_is_graded_again_and_only_that_one(book):
    book.said(0.8, 0.75)
    book.said(0.6, home=JAZZ)
    book.result(100, 90)
    book.result(100, 90, home=JAZZ)
    book.grade()
    before = graded_tables(book)["ml_prediction_results"]
    book.warehouse.cursor.execute("update bronze.games set away_pts = 101 where home_team = %s", (CELTICS,))

    document = book.grade()

    assert document["graded"] == 1
    assert document["seasons"][0]["accuracy"] == 0.5
    celtics, jazz = graded_tables(book)["ml_prediction_results"]
    assert (celtics["home_won"], celtics["log_loss"]) == (False, pytest.approx(-log(0.2)))
    assert jazz == before[1]
    assert book.warehouse.rows("gold.ml_accuracy_total")[0]["accuracy"] == 0.5


def test_a_better_prediction_that_was_appended_since_is_graded(book):
    book.said(0.6, live=False)
    book.result(100, 90)
    book.grade()
    book.said(0.9, live=False, hour=17)
    assert book.grade()["graded"] == 1
    assert [row["p_home"] for row in book.results()] == [0.9]


def test_the_accuracy_tables_agree_with_the_figures(book):
    for day, p_home, market, score in [
        (MONDAY, 0.8, 0.75, (100, 90)),
        (MONDAY + timedelta(days=1), 0.6, None, (90, 100)),
        (MONDAY + timedelta(days=1), 0.3, 0.4, (90, 100)),
    ]:
        home = CELTICS if market else JAZZ
        book.said(p_home, market, day=day, home=home)
        book.result(*score, day=day, home=home)
    document = book.grade()
    (season,), (pooled,) = document["seasons"], document["pooled"]
    (total,) = book.warehouse.rows("gold.ml_accuracy_total")
    for figures in (season, pooled):
        assert {name: total[name] for name in ("n", "accuracy", "log_loss", "brier")} == {
            name: pytest.approx(figures[name]) for name in ("n", "accuracy", "log_loss", "brier")
        }
        for part in ("priced", "market", "home"):
            for name in ("accuracy", "log_loss", "brier"):
                assert total[f"{part}_{name}"] == pytest.approx(figures[part][name])
    assert (total["priced_n"], total["first_game_date"], total["last_game_date"].day) == (2, MONDAY, 16)
    daily = book.warehouse.rows("gold.ml_accuracy_daily")
    assert [(row["game_date"].day, row["n"], row["accuracy"]) for row in daily] == [(15, 1, 1.0), (16, 2, 0.5)]
    assert sum(row["n"] * row["log_loss"] for row in daily) / 3 == pytest.approx(total["log_loss"])


def test_every_run_leaves_a_row_and_text_for_a_person(book):
    book.said(0.8, 0.75)
    book.result(100, 90)
    answer = book.warehouse.run("grade")
    assert "2023-24            mmmmmmmmmmmm live" in answer.out
    (run,) = book.warehouse.rows("gold.ml_runs")
    assert (run["command"], run["exit_code"], run["counts"]["graded"]) == ("grade", 0, 1)


def test_two_graders_at_once_both_succeed(book, finished):
    book.said(0.8, 0.75)
    book.result(100, 90)
    answers = [finished(process) for process in [book.warehouse.start("grade") for _ in range(2)]]
    assert [answer.code for answer in answers] == [0, 0], answers
    assert len(book.results()) == 1


def test_without_tables_it_says_run_tipoff_migrate(bare_warehouse):
    answer = bare_warehouse.run("grade")
    assert answer.code == 3
    assert answer.err.endswith("Run tipoff migrate.\n")


def test_what_was_predicted_is_what_is_graded(warehouse):
    """End to end: a backfilled game, its result, its figures."""
    history = "silver.ml_game_features_history"
    warehouse.features({"season": "2022-23", "game_date": date(2023, 1, 9)}, types={"season": "text"}, table=history)
    warehouse.scheduled(CELTICS, HEAT, date(2023, 1, 9), season="2022-23", home_pts=100, away_pts=90)
    assert warehouse.run("predict", "--season", "2022-23").code == 0
    (season,) = warehouse.run("grade", "--json").document["seasons"]
    (said,) = warehouse.ledger()
    assert season["log_loss"] == pytest.approx(-log(said["p_home"]))
    assert season["market"]["log_loss"] == pytest.approx(-log(0.6 / (0.6 + 100 / 230)))
    assert (season["season"], season["live"], season["in_sample"]) == ("2022-23", False, False)


def test_a_backfilled_prediction_as_of_after_the_tip_off_is_not_official(book):
    book.said(0.9, live=False, hour=18)  # noon Eastern was 17:00 UTC
    book.result(100, 90)
    assert book.grade()["seasons"] == []
    book.said(0.6, live=False, hour=16)
    assert book.grade()["seasons"][0]["log_loss"] == pytest.approx(-log(0.6))


def test_a_correction_that_leaves_no_regular_game_leaves_no_figures(book):
    book.said(0.8, 0.75)
    book.result(100, 90)
    book.grade()
    book.warehouse.cursor.execute("update bronze.games set game_type = 'cup-final'")
    assert book.grade()["seasons"] == []
    for table in ("gold.ml_accuracy_daily", "gold.ml_accuracy_total"):
        (row,) = book.warehouse.rows(table)
        assert (row["n"], row["priced_n"], row["log_loss"], row["market_log_loss"]) == (0, 0, None, None)
