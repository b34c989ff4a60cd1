"""One key for a player's name, however a feed writes it."""

from __future__ import annotations

import unicodedata

_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv"))
_DROPPED = dict.fromkeys(map(ord, ".'`´‘’ʼ"))
# Letters that are not an accent on another one, so that decomposition leaves them as they are.
_LETTERS = str.maketrans({"đ": "d", "ð": "d", "ı": "i", "ł": "l", "ø": "o", "þ": "th", "æ": "ae", "œ": "oe"})


def player_key(name: str) -> str:
    """The name without case, accents, dots, apostrophes and suffixes; "Last, First" is turned round.

    Empty if nothing of the name is left.

    >>> player_key("Luka Dončić"), player_key("O'Neal, Shaquille"), player_key("P.J. Washington Jr.")
    ('luka doncic', 'shaquille oneal', 'pj washington')
    >>> player_key("Porter Jr., Michael") == player_key("Michael Porter, Jr.") == player_key("michael porter")
    True
    """
    last, _, first = _folded(name).partition(",")
    words = [*first.replace(",", " ").split(), *last.split()]
    if first.strip() in _SUFFIXES:  # "Tim Hardaway, Jr." is in its natural order already
        words = last.split()
    while len(words) > 1 and words[-1] in _SUFFIXES:
        words.pop()
    return " ".join(words)


def _folded(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.translate(_DROPPED)).casefold()
    bare = "".join(c for c in unicodedata.normalize("NFKD", decomposed) if not unicodedata.combining(c))
    return bare.translate(_LETTERS).translate(_DROPPED)
