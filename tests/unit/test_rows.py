"""Predictions as rows: their place in the slate, and which of them say the same again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tipoff.predict.features import GameFeatures, GameKey
from tipoff.predict.rows import indexes, is_same, log_row, table_row
from tipoff.predict.score import Prediction

DAY = date(2024, 1, 15)
NOON = datetime(2024, 1, 15, 17, tzinfo=UTC)


def a_prediction(home: str, *, tip_off_at: datetime | None = None, day: date = DAY, p_home: float = 0.6) -> Prediction:
    game = GameFeatures(
        GameKey(day, home, "Utah Jazz"), {"home_team_rank": 3.0, "home_moneyline": None}, None, tip_off_at
    )
    return Prediction(game, "2023-24", "m" * 64, "blind", p_home, None, p_home, None, NOON, NOON, True, False, {})


def test_a_slate_is_numbered_by_tip_off_then_home_team() -> None:
    late, early = NOON + timedelta(hours=9), NOON + timedelta(hours=7)
    slate = [
        a_prediction("Miami Heat", tip_off_at=late),
        a_prediction("Boston Celtics", tip_off_at=late),
        a_prediction("Phoenix Suns", tip_off_at=early),
    ]
    places = {key.home_team: place for key, place in indexes(slate, []).items()}
    assert places == {"Phoenix Suns": 0, "Boston Celtics": 1, "Miami Heat": 2}


def test_games_that_have_started_keep_the_first_places() -> None:
    started = (GameKey(DAY, "Orlando Magic", "Chicago Bulls"), NOON + timedelta(hours=1))
    late = a_prediction("Boston Celtics", tip_off_at=NOON + timedelta(hours=9))
    assert indexes([late], [started])[late.game.key] == 1


def test_every_date_is_numbered_on_its_own() -> None:
    two_days = [a_prediction("Miami Heat"), a_prediction("Miami Heat", day=DAY + timedelta(days=1))]
    assert list(indexes(two_days, []).values()) == [0, 0]


def test_the_away_sides_probability_is_one_minus_the_rounded_home_sides() -> None:
    prediction = a_prediction("Miami Heat", p_home=0.12345)
    row = table_row(prediction, log_row(prediction, "run"), 0)
    assert (row["home_team_predicted_win_pct"], row["away_team_predicted_win_pct"]) == (0.123, 0.877)
    assert (row["home_team_rank"], row["away_team_rank"]) == (3, None)


def test_the_wall_clock_and_the_run_do_not_make_another_prediction() -> None:
    said = log_row(a_prediction("Miami Heat"), "first run")
    again = log_row(a_prediction("Miami Heat")._replace(predicted_at=NOON + timedelta(hours=1)), "second run")
    assert is_same(said, again)
    assert not is_same(said, log_row(a_prediction("Miami Heat", p_home=0.61), "third run"))
    assert not is_same(None, said)
