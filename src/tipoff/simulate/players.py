"""Players who never existed: names, talent, health, and what they do in a game."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from tipoff.simulate.dice import Dice

ROSTER = 15
# Minutes by place in the rotation of those who are fit; the last three play on some nights only.
MINUTES = (35.0, 34.0, 32.0, 30.0, 28.0, 24.0, 20.0, 15.0, 11.0, 8.0, 5.0, 3.0, 2.0)
CERTAIN_TO_PLAY = 10
FRINGE_CHANCE = 0.6
GAME_MINUTES = 240
# Points per minute by place on the roster when the league begins.
SCORING = (0.84, 0.66, 0.53, 0.45, 0.41, 0.39, 0.38, 0.37, 0.36, 0.35, 0.34, 0.33, 0.32, 0.31, 0.30)
# Chance of a new injury a day: the top two (a tenth of their days lost), and the others.
STAR_HAZARD, HAZARD = 0.0125, 0.022
REST_CHANCE = 0.08  # of a top-two player on the second night of a back-to-back

_FIRST = (
    ("Bel", "Cor", "Dax", "Fen", "Jor", "Kel", "Lor", "Mav", "Ner", "Tor", "Vel", "Zan"),
    ("bin", "do", "ian", "mo"),
)
_LAST = (
    ("Ald", "Brak", "Corv", "Drov", "Elsk", "Fald", "Grev", "Holm", "Istr", "Jask", "Krev", "Lund", "Morv", "Nask"),
    ("abel", "eford", "emark", "ibor", "igan", "omar", "oska", "oven", "ulic", "und"),
)


@dataclass
class Player:
    """A made-up player; `rate` is his points per minute, `back_on` the night from which he is fit."""

    player_id: str
    name: str
    rate: float
    height: float  # 0 passes, 1 rebounds
    back_on: int = 0

    @property
    def value(self) -> float:
        """Points a game that his team is better with him than with his stand-in."""
        return min(4.0, max(0.3, 2.0 + 7.0 * (self.rate - 0.6)))

    def is_out(self, night: int) -> bool:
        """Whether he misses that night."""
        return night < self.back_on


class Academy:
    """Where players come from: each with a number and a name that nobody had before."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._names: set[str] = set()

    def graduate(self, place: int) -> Player:
        """A new player for a place on a roster, 0 being the star's."""
        rate = SCORING[place] * (1.0 + 0.07 * self._dice.normal())
        name = self._new_name()
        return Player(f"sim-{len(self._names):04d}", name, rate, height=self._dice.random())

    def _new_name(self) -> str:
        while True:
            first, last = ("".join(self._dice.pick(part) for part in parts) for parts in (_FIRST, _LAST))
            name = f"{first} {last}"
            if name not in self._names:
                self._names.add(name)
                return name


def injure(dice: Dice, roster: Sequence[Player], night: int, *, tired: bool) -> None:
    """What the morning brings: new injuries, and days of rest for the top two when `tired` (a back-to-back)."""
    draw = dice.random
    for place, player in enumerate(roster):
        luck = draw()
        if player.is_out(night):
            continue
        if luck < (STAR_HAZARD if place < 2 else HAZARD):
            player.back_on = night + _days_out(draw(), draw())
        elif tired and place < 2 and draw() < REST_CHANCE:
            player.back_on = night + 1


def _days_out(kind: float, length: float) -> int:
    """Mostly a few days, now and then weeks; eight days on average. Both arguments are uniform draws."""
    if kind < 0.6:
        return 1 + int(4 * length)
    if kind < 0.9:
        return 7 + int(8 * length)
    return 25 + int(26 * length)


def dressed(dice: Dice, roster: Sequence[Player], night: int) -> list[Player]:
    """Who plays that night, the top scorers first."""
    fit = [player for player in roster if not player.is_out(night)][: len(MINUTES)]
    return [p for place, p in enumerate(fit) if place < CERTAIN_TO_PLAY or dice.random() < FRINGE_CHANCE]


def box_lines(dice: Dice, lineup: Sequence[Player], pts: int, margin: int) -> list[tuple[int, ...]]:
    """(minutes, pts, reb, ast, stl, blk, tov, plus_minus) of each player; minutes add up to 240, points to `pts`."""
    draw = dice.random
    minutes = shares(GAME_MINUTES, [MINUTES[place] * (0.85 + 0.3 * draw()) for place in range(len(lineup))])
    weights = [
        player.rate * played * (0.2 + 0.8 * (draw() + draw())) for player, played in zip(lineup, minutes, strict=True)
    ]
    lines: list[tuple[int, ...]] = []
    for player, played, scored in zip(lineup, minutes, shares(pts, weights), strict=True):
        lines.append(
            (
                played,
                scored,
                int(played * (0.10 + 0.20 * player.height) * (0.3 + 1.4 * draw()) + 0.5),
                int(played * (0.19 - 0.14 * player.height) * (0.3 + 1.4 * draw()) + 0.5),
                int(played * 0.064 * draw() + 0.5),
                int(played * (0.01 + 0.07 * player.height) * draw() + 0.5),
                int(played * 0.11 * draw() + 0.5),
                round(margin * played / 48 + 14.0 * (draw() - draw())),
            )
        )
    return lines


def shares(total: int, weights: Sequence[float]) -> list[int]:
    """`total` in whole parts that follow the weights and add up to it.

    >>> shares(10, [1.0, 1.0, 2.0])
    [3, 2, 5]
    """
    heights = list(accumulate(weights))
    marks = [0, *(int(total * height / heights[-1] + 0.5) for height in heights)]
    return [after - before for before, after in zip(marks, marks[1:], strict=False)]
