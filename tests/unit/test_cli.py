"""The command line: help, suggestions, and one answer for every way of getting it wrong."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec

import pytest

from tipoff.cli import COMMANDS, main
from tipoff.settings import SETTINGS

HERE = [name for name in COMMANDS if find_spec(f"tipoff.cli.{name}")]


@pytest.fixture(autouse=True)
def _environment(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith(("TIPOFF_", "PG"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TIPOFF_HOME", str(tmp_path))
    monkeypatch.setenv("TIPOFF_LOG_FORMAT", "text")


@pytest.mark.parametrize("command", HERE)
def test_every_command_has_help_with_an_example_and_the_exit_codes(command, capsys):
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    text = capsys.readouterr().out
    assert f"usage: tipoff {command}" in text
    assert "examples:\n" in text
    assert f"  tipoff {command}" in text.partition("examples:")[2]
    assert all(f"\n  {code}  " in text for code in range(10))
    assert "--json" in text


@pytest.mark.parametrize("argument", ["--help", "-h", "help", None])
def test_the_overview_lists_commands_settings_and_exit_codes(argument, capsys):
    assert main([argument] if argument else []) == 0
    text = capsys.readouterr().out
    assert all(f"\n  {name} " in text for name in COMMANDS)
    assert all(setting.variable in text for setting in SETTINGS)
    assert all(f"\n  {code}  " in text for code in range(10))


def test_the_version_is_one_line(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("tipoff ")


@pytest.mark.parametrize(("typed", "meant"), [("predikt", "predict"), ("migrat", "migrate"), ("grades", "grade")])
def test_an_unknown_command_is_answered_with_the_nearest(typed, meant, capsys):
    assert main([typed]) == 2
    assert capsys.readouterr().err == f"tipoff: There is no command '{typed}'. Did you mean {meant}?\n"


def test_a_command_like_no_other_is_pointed_to_the_help(capsys):
    assert main(["qqqq"]) == 2
    assert "See tipoff --help." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["predict", "--colour"], "Unrecognized arguments: --colour"),
        (["predict", "--as"], "Unrecognized arguments: --as"),  # no guessing at half a flag
        (["predict", "--as-of"], "expected one argument"),
        (["predict", "--as-of", "noon"], "'noon' is not an instant with a time zone. Write it as 2024-01-15T17:00:00Z"),
        (["predict", "--as-of", "2024-01-15T12:00"], "is not an instant with a time zone"),
        (["predict", "--as-of", "9999-12-31T23:59:59Z"], "is not an instant with a time zone"),
        (["predict", "--date", "15/01/2024"], "'15/01/2024' is not a date. Write it as 2024-01-15"),
        (["predict", "--season", "2023-25"], "'2023-25' is not a season. Write it as 2023-24"),
        (["predict", "--season", "2023-24", "--as-of", "2024-01-15T12:00:00Z"], "do not go with them"),
        (["migrate", "now"], "Unrecognized arguments: now"),
        (["grade", "--season", "2023-24"], "Unrecognized arguments"),
    ],
)
def test_wrong_flags_exit_two_with_a_sentence(arguments, said, capsys):
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("tipoff: ")
    assert output.err.count("\n") == 1
    assert said in output.err


@pytest.mark.parametrize(
    ("variable", "value"),
    [("TIPOFF_LOG_FORMAT", "xml"), ("TIPOFF_DATABASE_URL", "mysql://me:hunter2@h/d"), ("TIPOFF_PG_BIN", "/nowhere")],
)
@pytest.mark.parametrize("command", ["predict", "migrate", "grade"])
def test_wrong_settings_exit_two_for_every_command(command, variable, value, monkeypatch, capsys):
    monkeypatch.setenv(variable, value)
    assert main([command, "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["error"]["code"] == 2
    assert "hunter2" not in json.dumps(document)
    assert variable in document["error"]["message"] + document["error"]["action"]


def test_what_nobody_expected_is_one_sentence_and_a_traceback_only_on_demand(monkeypatch, capsys):
    def explode(*_: object) -> int:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("tipoff.cli.migrate.run", explode)
    assert main(["migrate"]) == 1
    assert capsys.readouterr().err == "tipoff: Unexpected ZeroDivisionError: by zero. Run again with -v.\n"
    assert main(["migrate", "-v"]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert main(["migrate", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == 1


def test_ctrl_c_is_no_traceback(monkeypatch, capsys):
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("tipoff.cli.migrate.run", interrupted)
    assert main(["migrate"]) == 130
    assert capsys.readouterr().err == "warning: interrupted: the step under way was rolled back\n"


def test_a_failure_is_one_json_object_on_stderr_where_logs_are_json(monkeypatch, capsys):
    monkeypatch.setenv("TIPOFF_LOG_FORMAT", "json")
    assert main(["predit"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    document = json.loads(line)
    assert (document["level"], document["code"]) == ("error", 2)
    assert document["message"] == "There is no command 'predit'. Did you mean predict?"
