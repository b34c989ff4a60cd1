"""The progress bar: on a terminal, and nowhere else."""

from __future__ import annotations

import io
import sys

import pytest

from tipoff.ingest.progress import progress_bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def file(tmp_path):
    (tmp_path / "games.csv").write_bytes(b"x" * 100)
    return tmp_path / "games.csv"


def test_a_pipe_gets_no_bar(file, capsys):
    with progress_bar([file]) as progress:
        progress("games.csv", 50)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar_on_stderr_with_the_file_that_is_read(file, monkeypatch, capsys):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar([file]) as progress:
        progress("games.csv", 50)
        progress("games.csv", 100)
    assert "reading games.csv" in terminal.getvalue()
    assert "100%" in terminal.getvalue()
    assert capsys.readouterr().out == ""
