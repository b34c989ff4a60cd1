"""List the model bundles at hand, or show one as its model card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipoff.model.bundle import load_bundle, model_folders, read_aliases
from tipoff.model.card import model_card

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from tipoff.cli import Context

EXAMPLES = """examples:
  tipoff models list
  tipoff models show five-2023-24"""


def add_arguments(parser: ArgumentParser) -> None:
    """The sub-commands of `models`."""
    parser.add_argument("action", choices=("list", "show"), help="list all, or show one")
    parser.add_argument("name", nargs="?", help="a name, an alias or a file (default: TIPOFF_MODEL)")


def run(arguments: Namespace, context: Context) -> int:
    """Answer from the bundles under TIPOFF_HOME/models and those that ship with tipoff."""
    if arguments.action == "show":
        document = load_bundle(arguments.name or context.settings.model, home=context.settings.home).document
        context.emit(document, model_card(document))
        return 0
    models = _models(context)
    lines = [
        f"{m['name']:<20} {m['model_id'][:12]}  {', '.join(m['seasons']):<18} {' '.join(m['aliases'])}" for m in models
    ]
    context.emit({"models": models}, "\n".join(lines))
    return 0


def _models(context: Context) -> list[dict[str, Any]]:
    names: dict[str, None] = {}  # a set that keeps its order
    aliases: dict[str, str] = {}
    for folder in model_folders(context.settings.home):
        aliases = read_aliases(folder) | aliases
        names |= {file.stem: None for file in sorted(Path(folder).glob("*.json")) if file.stem != "aliases"}
    bundles = [load_bundle(name, home=context.settings.home) for name in names]
    return [
        {
            "name": bundle.name,
            "model_id": bundle.model_id,
            "seasons": sorted(bundle.seasons),
            "aliases": [alias for alias, target in aliases.items() if target == bundle.name],
        }
        for bundle in bundles
    ]
