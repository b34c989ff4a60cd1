"""Which games a run scores: laws of the slate over made-up tables and schedules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipoff.errors import StaleError
from tipoff.league import SLATE_DAYS, league_date, starts_at
from tipoff.predict.features import GameFeatures, GameKey, Refusal
from tipoff.predict.slate import ScheduledGame, choose_slate, has_started

AS_OF = datetime(2024, 1, 15, 16, tzinfo=UTC)
TODAY = date(2024, 1, 15)
TEAMS = ["Boston Celtics", "Chicago Bulls", "Miami Heat", "Utah Jazz"]


def game(home="Boston Celtics", *, days=0, hours=None, outcome=False):
    tip_off = None if hours is None else AS_OF + timedelta(hours=hours)
    return GameFeatures(GameKey(TODAY + timedelta(days=days), home, "Phoenix Suns"), {}, None, tip_off, None, outcome)


def refusal(home="Boston Celtics", *, days=0):
    return Refusal(GameKey(TODAY + timedelta(days=days), home, "Phoenix Suns"), "because")


def scheduled(home="Boston Celtics", *, days=0, hours=None, has_result=False):
    return ScheduledGame(*game(home, days=days, hours=hours)[:1], game(home, hours=hours).tip_off_at, has_result)


@st.composite
def tables(draw):
    """Rows of the coming days, each game once, some with a tip-off around as_of."""
    keys = draw(st.lists(st.tuples(st.sampled_from(TEAMS), st.integers(0, 9)), unique=True, max_size=12))
    hours = st.none() | st.integers(-6, 12)
    return [
        game(home, days=days, hours=None if (h := draw(hours)) is None else 24 * days + h, outcome=draw(st.booleans()))
        for home, days in keys
    ]


@given(tables())
def test_a_slate_is_every_open_game_of_its_date_and_of_no_other(games):
    slate = choose_slate(games, [], None, as_of=AS_OF)
    open_games = [g for g in games if not has_started(g.key, g.tip_off_at, as_of=AS_OF, has_result=g.has_outcome)]
    near = [g for g in open_games if g.key.game_date <= TODAY + timedelta(days=SLATE_DAYS)]
    assert slate.game_date == min((g.key.game_date for g in near), default=None)
    assert set(map(id, slate.games)) == {id(g) for g in open_games if g.key.game_date == slate.game_date}


@given(tables())
def test_a_slate_is_in_the_order_of_tip_off_then_home_team(games):
    slate = choose_slate(games, [], None, as_of=AS_OF)
    order = [(starts_at(g.key.game_date, g.tip_off_at), g.key.home_team) for g in slate.games]
    assert order == sorted(order)


@given(tables(), st.randoms())
def test_the_order_of_rows_does_not_matter(games, random):
    shuffled = random.sample(games, len(games))
    assert choose_slate(shuffled, [], None, as_of=AS_OF) == choose_slate(games, [], None, as_of=AS_OF)


@given(tables(), st.integers(0, 9))
def test_a_date_that_is_asked_for_is_the_slate_whatever_comes_before(games, days):
    slate = choose_slate(games, [], None, as_of=AS_OF, on=TODAY + timedelta(days=days))
    assert {g.key.game_date for g in slate.games} <= {TODAY + timedelta(days=days)}


@given(tables(), st.timedeltas(timedelta(0), timedelta(days=3)))
def test_a_game_that_has_started_never_opens_again(games, later):
    def started(as_of):
        return {g.key for g in games if has_started(g.key, g.tip_off_at, as_of=as_of, has_result=g.has_outcome)}

    assert started(AS_OF) <= started(AS_OF + later)


@given(tables())
def test_a_schedule_that_the_features_cover_is_never_stale(games):
    schedule = [ScheduledGame(g.key, g.tip_off_at, g.has_outcome) for g in games]
    assert choose_slate(games, [], schedule, as_of=AS_OF) == choose_slate(games, [], None, as_of=AS_OF)


@given(tables(), st.data())
def test_an_open_game_of_the_slate_without_features_is_stale(games, data):
    slate = choose_slate(games, [], None, as_of=AS_OF)
    if not slate.games:
        return
    gone = data.draw(st.sampled_from(slate.games))
    left = [g for g in games if g is not gone]
    schedule = [ScheduledGame(g.key, g.tip_off_at, g.has_outcome) for g in games]
    with pytest.raises(StaleError, match="that have no features"):
        choose_slate(left, [], schedule, as_of=AS_OF)


def test_no_rows_are_no_slate():
    assert choose_slate([], [], None, as_of=AS_OF) == (None, (), (), 0)


def test_a_game_at_the_very_instant_of_its_tip_off_has_started():
    at_once, soon = game(hours=0), game("Utah Jazz", hours=0.001)
    slate = choose_slate([at_once, soon], [], None, as_of=AS_OF)
    assert (slate.games, slate.n_started) == ((soon,), 1)


def test_a_refused_row_makes_a_slate_and_one_without_a_date_belongs_to_every_slate():
    undated = Refusal(GameKey(None, "Boston Celtics", "Phoenix Suns"), "game_date is NULL")
    later = refusal("Utah Jazz", days=1)
    slate = choose_slate([game(days=2)], [later, undated], None, as_of=AS_OF)
    assert (slate.game_date, slate.games, slate.refused) == (TODAY + timedelta(days=1), (), (later, undated))


def test_a_result_in_the_schedule_counts_as_started():
    known = scheduled(has_result=True)
    assert choose_slate([game()], [], [known], as_of=AS_OF).n_started == 1


def test_a_scheduled_game_that_has_started_needs_no_features():
    begun = scheduled("Utah Jazz", hours=-1)
    assert len(choose_slate([game()], [], [begun], as_of=AS_OF).games) == 1


def test_a_row_that_may_be_any_game_is_not_called_stale():
    unknown = Refusal(GameKey(TODAY, "Bostn", "Phoenix Suns"), "home_team is 'Bostn'")
    assert choose_slate([game("Utah Jazz")], [unknown], [scheduled()], as_of=AS_OF).refused == (unknown,)


def test_today_is_the_league_date_of_as_of():
    late = datetime(2024, 1, 16, 4, 30, tzinfo=UTC)  # 23:30 in New York
    assert league_date(late) == TODAY
    far, near = game(days=SLATE_DAYS + 1), game("Utah Jazz", days=SLATE_DAYS)
    assert choose_slate([far, near], [], None, as_of=late).games == (near,)
    assert choose_slate([far], [], None, as_of=late).game_date is None
