"""Log lines on stderr: text for people, one JSON object a line for machines.

The standard library's logging costs a fifth of the time in which `predict` starts, so the daily job writes its
few lines with these functions; the format is set once by the command line.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any

_context: dict[str, Any] = {}
_format = "text"


def configure(log_format: str, **context: Any) -> None:
    """Choose `text` or `json`, and the fields that every JSON line carries (the command, the run id)."""
    global _format  # noqa: PLW0603 -- one process has one stderr
    _format = log_format
    _context.update(context)


def info(message: str, **fields: Any) -> None:
    """One line about a step that went as it should."""
    _write("info", message, fields)


def warning(message: str, **fields: Any) -> None:
    """One line about something a person should look at."""
    _write("warning", message, fields)


def error(message: str, **fields: Any) -> None:
    """One line about what ended the command."""
    _write("error", message, fields)


def _write(level: str, message: str, fields: dict[str, Any]) -> None:
    if _format == "json":
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        document = {"at": at, "level": level, "message": message, **_context, **fields}
        line = json.dumps(document, default=str, ensure_ascii=False)
    else:
        line = {"info": "", "warning": "warning: ", "error": "tipoff: "}[level] + message
    sys.stderr.write(line + "\n")
