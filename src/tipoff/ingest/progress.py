"""A progress bar on stderr where that is a terminal, and silence elsewhere."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


@contextmanager
def progress_bar(files: Iterable[Path]) -> Iterator[Callable[[str, int], None]]:
    """A function that takes a file's name and how many of its bytes are read, and draws how far all of them are."""
    if not sys.stderr.isatty():
        yield lambda _file, _position: None
        return
    from rich.console import Console  # a tenth of a second that no cron job pays
    from rich.progress import Progress

    sizes = {path.name: path.stat().st_size for path in files}
    read = dict.fromkeys(sizes, 0)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("ingest", total=sum(sizes.values()))

        def advance(file: str, position: int) -> None:
            read[file] = position
            bar.update(task, completed=sum(read.values()), description=f"reading {file}")

        yield advance
