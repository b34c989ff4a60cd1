"""The model card: what a bundle is, what it was fitted on and how good it was, as Markdown made from the bundle."""

from __future__ import annotations

from typing import Any

_LIMITS = """- Its inputs are form, rest, two top players and a price: no other injuries, no travel, no matchups.
- The price does most of the work. Where there is none, the blind head is used, and its rows say so.
- Availability in training comes from who played, which knows late scratches; reports before tip-off do not.
- The figures above are from inside the training seasons. `tipoff predict --season` and `tipoff grade` give those of
  seasons that the model has not seen, which are the ones to quote.
- Not betting advice."""


def model_card(document: dict[str, Any]) -> str:
    """A bundle document as a page of Markdown."""
    training, metrics = document["training"], document["metrics"]
    parts = [
        f"# {document['name']}\n",
        f"`model_id` {document['model_id']}\n",
        "Probability that the home team wins an NBA game. Two logistic regressions over standardised inputs:"
        " `anchored` sees the price, `blind` never does.\n",
        "## Data\n",
        f"{training['n']:,} {training['games']}, {', '.join(training['seasons'])}"
        f" ({training['first_date']} to {training['last_date']});"
        f" sha256 of the rows `{training['data_sha256'][:16]}…`.\n",
        "## Figures\n",
        f"{metrics['what'].capitalize()}. Log loss: natural log, lower is better; a coin has 0.6931.\n",
        _figures_table(metrics),
    ]
    for head in ("anchored", "blind"):
        parts += [f"## Head `{head}`\n", _head_table(document["heads"][head])]
    return "\n".join([*parts, "## Limits\n", _LIMITS, ""])


def _figures_table(metrics: dict[str, Any]) -> str:
    names = {
        "anchored": "anchored",
        "blind": "blind",
        "market": "market (no-vig price)",
        "home": "always home (rate of the three seasons before)",
    }
    rows = [
        f"| {label} | {m['n']} | {m['log_loss']:.4f} | {m['brier']:.4f} | {m['accuracy']:.3f} | {m['ece']:.3f} |"
        for key, label in names.items()
        for m in [metrics[key]]
    ]
    return "\n".join(["| | n | log loss | Brier | accuracy | ECE |", "|---|---|---|---|---|---|", *rows, ""])


def _head_table(head: dict[str, Any]) -> str:
    rows = [
        f"| {i['name']} | {i['coefficient']:+.4f} | {i['centre']:.4f} | {i['scale']:.4f} |" for i in head["features"]
    ]
    title = (
        f"C = {head['C']:g}, intercept {head['intercept']:+.4f}. A coefficient is log-odds per `scale`; the scale is a"
        " standard deviation, for the price a tenth of one (see docs/model.md).\n"
    )
    return "\n".join([title, "| input | coefficient | centre | scale |", "|---|---|---|---|", *rows, ""])
