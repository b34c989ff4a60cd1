"""SIGTERM as a reason to leave in good order, for what a process holds beyond its own life."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TERMINATED = 128 + signal.SIGTERM  # the exit code that a shell reports for it


@contextmanager
def terminating_cleanly() -> Iterator[None]:
    """Let SIGTERM end the block by `SystemExit(143)`, so that all it holds is released as on Ctrl-C.

    Only where SIGTERM would kill: a program that handles or ignores it keeps its way. Without effect outside of the
    main thread, where Python sets no handlers. A call into C, such as a query, is finished first.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    asked = False

    def leave(*_: object) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # `timeout` sends two: the second must not cut the release short
        raise SystemExit(TERMINATED)

    signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if asked:  # raised again for those who made something else of it, as dbt does
            raise SystemExit(TERMINATED)
