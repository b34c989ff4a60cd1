"""List the model bundles at hand, or show one as its model card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipoff import log
from tipoff.errors import ModelError
from tipoff.model.bundle import aliases, load_bundle, model_folders
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
    """Answer from the bundles that ship with tipoff and those under TIPOFF_HOME/models."""
    if arguments.action == "show":
        document = load_bundle(arguments.name or context.settings.model, home=context.settings.home).document
        context.emit(document, model_card(document))
        return 0
    models = _models(context.settings.home)
    lines = [
        f"{m['name']:<20} {m['model_id'][:12]}  {', '.join(m['seasons']):<18} {' '.join(m['aliases'])}" for m in models
    ]
    context.emit({"models": models}, "\n".join(lines))
    return 0


def _models(home: str) -> list[dict[str, Any]]:
    """Every bundle that can be loaded; one that cannot is named on stderr and keeps nobody from the others."""
    folders = (Path(folder) for folder in model_folders(home))
    names = dict.fromkeys(f.stem for folder in folders for f in sorted(folder.glob("*.json")) if f.stem != "aliases")
    by_alias = aliases(home)
    models = []
    for name in names:
        try:
            bundle = load_bundle(name, home=home)
        except ModelError as error:
            log.warning(str(error))
            continue
        models.append(
            {
                "name": name,
                "model_id": bundle.model_id,
                "seasons": sorted(bundle.seasons),
                "aliases": [alias for alias, target in by_alias.items() if target == name],
            }
        )
    return models
