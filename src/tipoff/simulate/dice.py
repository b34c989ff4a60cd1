"""Random numbers that every machine and every supported Python draws alike."""

from __future__ import annotations

from random import Random
from typing import TypeVar

Item = TypeVar("Item")


class Dice:
    """A stream of random numbers named by a key, so that one part of the league never disturbs another.

    Everything is made from `Random.random()`, the one method whose values Python promises to keep; a key
    becomes text first, which `Random` hashes without PYTHONHASHSEED.

    >>> Dice(2024, "day", 3).random() == Dice(2024, "day", 3).random()
    True
    """

    def __init__(self, *key: object) -> None:
        self.random = Random("/".join(map(str, key))).random

    def normal(self) -> float:
        """A draw with mean 0 and standard deviation 1: twelve uniforms, hence never beyond ±6."""
        draw = self.random
        return (
            draw() + draw() + draw() + draw() + draw() + draw() + draw() + draw() + draw() + draw() + draw() + draw()
        ) - 6.0

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1."""
        return int(self.random() * n)

    def pick(self, items: list[Item] | tuple[Item, ...]) -> Item:
        """One of the items."""
        return items[self.below(len(items))]

    def shuffled(self, items: list[Item]) -> list[Item]:
        """The items in a random order, in a new list."""
        keyed = sorted((self.random(), place) for place in range(len(items)))
        return [items[place] for _, place in keyed]
