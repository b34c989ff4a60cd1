"""A model bundle: one JSON file that a person can read; loading it runs no code.

A bundle has two heads, `anchored` (sees the price) and `blind` (never does). Each is a logistic regression over
standardised inputs: `logit p = intercept + sum(coefficient * (x - centre) / scale)`.
"""

from __future__ import annotations

import hashlib
import json
import os
from math import exp, isfinite, log
from typing import TYPE_CHECKING, Any, NamedTuple

from tipoff.errors import ModelError
from tipoff.ledger import canonical_json
from tipoff.odds import no_vig_home

if TYPE_CHECKING:
    from collections.abc import Mapping

# os.path, not pathlib or importlib.resources: together they would cost a fifth of the time in which `predict` starts.
SHIPPED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bundles")

FORMAT = 1
# The one input that is no column: the log-odds of the no-vig home price.
MARKET_LOGIT = "market_logit"


class Input(NamedTuple):
    """One standardised input of a head: `coefficient * (x - centre) / scale` log-odds."""

    name: str
    centre: float
    scale: float
    coefficient: float


class Head(NamedTuple):
    """One logistic regression."""

    inputs: tuple[Input, ...]
    intercept: float

    def contributions(self, values: Mapping[str, float]) -> dict[str, float]:
        """Each input's share of the log-odds of a home win; with the intercept they sum to the whole."""
        return {i.name: i.coefficient * (values[i.name] - i.centre) / i.scale for i in self.inputs}

    def p_home(self, values: Mapping[str, float]) -> float:
        """Probability of a home win, 0..1, of one game's inputs by name."""
        logit = self.intercept + sum(self.contributions(values).values())
        return 1 / (1 + exp(-logit)) if logit >= 0 else exp(logit) / (1 + exp(logit))


class Bundle(NamedTuple):
    """A loaded model. `document` is the whole JSON content, for cards and listings."""

    name: str
    model_id: str
    anchored: Head
    blind: Head
    seasons: frozenset[str]
    document: dict[str, Any]

    @property
    def columns(self) -> tuple[str, ...]:
        """The feature-table columns that the heads read, without the prices."""
        names = (i.name for head in (self.anchored, self.blind) for i in head.inputs)
        return tuple(dict.fromkeys(name for name in names if name != MARKET_LOGIT))


def market_logit(home_moneyline: float | None, away_moneyline: float | None) -> float | None:
    """Log-odds of a home win behind a two-way price, vig removed; None without a possible price.

    A price so long that the probability rounds to 0 or 1 counts as impossible: it has no log-odds.

    >>> market_logit(-110, -110)
    0.0
    """
    p_home = no_vig_home(home_moneyline, away_moneyline)
    return None if p_home is None or p_home in (0.0, 1.0) else log(p_home / (1 - p_home))


def model_id(document: Mapping[str, Any]) -> str:
    """sha256 of the canonical content without library versions, so that the same fit has the same id everywhere."""
    content = {k: v for k, v in document.items() if k not in ("model_id", "checksum", "library_versions")}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def checksum(document: Mapping[str, Any]) -> str:
    """sha256 of everything in the file but itself: library versions, too, cannot be edited unnoticed."""
    content = {k: v for k, v in document.items() if k != "checksum"}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its `model_id` and `checksum` filled in."""
    named = {**document, "model_id": model_id(document)}
    return {**named, "checksum": checksum(named)}


def dumps(document: Mapping[str, Any]) -> str:
    """The file's text: indented, keys in the order that a person reads them."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def load_bundle(name: str, *, home: str | os.PathLike[str] | None = None) -> Bundle:
    """The bundle behind a model's name, an alias or a file.

    A path (anything with a slash, or ending in .json) is read as it is. A name is first looked up among the aliases,
    the user's own under `home/models` before the shipped; then the name of a bundle that ships always means that
    bundle, and any other one under `home/models`.

    Raises:
        ModelError: There is no such model, or it is cut short, tampered with, or of an unknown format.
    """
    if "://" in name:
        raise ModelError(
            f"TIPOFF_MODEL is {name!r}, but this version reads names and files.", "Fetch the bundle and give its path."
        )
    if "/" in name or name.endswith(".json"):
        return parse_bundle(_read(name), source=name)
    target = aliases(home).get(name, name)
    for folder in model_folders(home):
        file = os.path.join(folder, f"{target}.json")
        if os.path.isfile(file):
            return parse_bundle(_read(file), source=file)
    raise ModelError(
        f"There is no model named {name!r}.",
        "Set TIPOFF_MODEL to champion, five-2023-24, a model you trained, or a bundle's path.",
    )


def model_folders(home: str | os.PathLike[str] | None) -> list[str]:
    """Where bundles are looked for: those that ship with tipoff, then the user's own."""
    return [SHIPPED, *([os.path.join(home, "models")] if home else [])]


def aliases(home: str | os.PathLike[str] | None) -> dict[str, str]:
    """Names that stand for another model; the user's own aliases win."""
    found: dict[str, str] = {}
    for folder in model_folders(home):
        found |= _read_aliases(folder)
    return found


def _read_aliases(folder: str) -> dict[str, str]:
    file = os.path.join(folder, "aliases.json")
    if not os.path.isfile(file):
        return {}
    try:
        return dict(json.loads(_read(file)))
    except (TypeError, ValueError) as error:
        raise ModelError(f"{file} is not a JSON object of names: {error}.", "Mend it or delete it.") from None


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise ModelError(f"The model file {path} cannot be read: {error.strerror}.", "Check TIPOFF_MODEL.") from error


def parse_bundle(text: bytes, *, source: str) -> Bundle:
    """Check and unpack a bundle's text.

    Raises:
        ModelError: Naming `source` and what is wrong with it.
    """
    again = "Fetch it again or train it anew."
    try:
        document = json.loads(text, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"The model {source} is not whole JSON: {error}.", again) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ModelError(
            f"The model {source} is not a bundle of format {FORMAT}.", "Use a bundle that this version of tipoff wrote."
        )
    try:
        intact = document.get("model_id") == model_id(document) and document.get("checksum") == checksum(document)
        bundle = Bundle(
            name=document["name"],
            model_id=document["model_id"],
            anchored=_head(document["heads"]["anchored"], sees_price=True),
            blind=_head(document["heads"]["blind"], sees_price=False),
            seasons=frozenset(document["training"]["seasons"]),
            document=document,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"The model {source} lacks something or has it in a wrong shape: {error}.", again) from None
    if not intact:
        raise ModelError(
            f"The model {source} was changed after it was written: its content does not match its hash.", again
        )
    return bundle


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object as a dict; a key that is there twice would show a person another value than the one that counts."""
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a key is there twice")
    return content


def _head(content: Mapping[str, Any], *, sees_price: bool) -> Head:
    inputs = tuple(
        Input(i["name"], float(i["centre"]), float(i["scale"]), float(i["coefficient"])) for i in content["features"]
    )
    head = Head(inputs, float(content["intercept"]))
    numbers = [head.intercept, *(number for i in inputs for number in i[1:])]
    if not all(isfinite(number) for number in numbers) or any(i.scale <= 0 for i in inputs):
        raise ValueError("a number is not finite or a scale not above 0")
    names = [i.name for i in inputs]
    if len({*names}) < len(names) or not all(isinstance(name, str) for name in names):
        raise ValueError("an input is there twice or its name is no text")
    if not sees_price and any(name == MARKET_LOGIT or name.endswith("_moneyline") for name in names):
        raise ValueError("the blind head reads the price")
    return head
