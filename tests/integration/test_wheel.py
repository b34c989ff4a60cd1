"""The wheel, installed away from the checkout with the job's lock alone, runs the daily job."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True)
    (built,) = folder.glob("*.whl")
    return built


def test_it_holds_the_dbt_project_the_migrations_and_the_model(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "tipoff/dbt/dbt_project.yml",
        "tipoff/dbt/models/marts/ml_game_features.sql",
        "tipoff/dbt/seeds/teams.csv",
        "tipoff/database/migrations/0001_bronze.sql",
        "tipoff/model/bundles/five-2023-24.json",
        "tipoff/model/bundles/aliases.json",
        "tipoff/py.typed",
    } <= names
    assert not [name for name in names if "/target/" in name or "/logs/" in name]


@pytest.mark.slow
def test_it_migrates_predicts_and_grades_with_nothing_but_the_jobs_lock(
    wheel: Path, empty_url: str, tmp_path: Path
) -> None:
    uv = shutil.which("uv") or str(ROOT / ".uv" / "bin" / "uv")
    python = tmp_path / "venv" / "bin" / "python"
    for command in (
        [uv, "venv", "-q", "--python", sys.executable, str(tmp_path / "venv")],
        [
            uv,
            "pip",
            "install",
            "-q",
            "--python",
            str(python),
            "--require-hashes",
            "-r",
            str(ROOT / "requirements/job.txt"),
        ],
        [uv, "pip", "install", "-q", "--python", str(python), "--no-deps", str(wheel)],
    ):
        subprocess.run(command, check=True)
    environment = {**os.environ, "TIPOFF_DATABASE_URL": empty_url, "TIPOFF_HOME": str(tmp_path / "home")}
    tipoff = str(tmp_path / "venv" / "bin" / "tipoff")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([tipoff, *arguments], env=environment, cwd=tmp_path, capture_output=True, text=True)

    assert run("migrate").returncode == 0
    without_features = run("predict")
    assert without_features.returncode == 3
    assert "silver.ml_game_features" in without_features.stderr
    assert run("grade").returncode == 0
    without_dbt = run("build")
    assert without_dbt.returncode == 2
    assert "pip install 'tipoff[pipeline]'" in without_dbt.stderr
