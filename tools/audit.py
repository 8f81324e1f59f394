"""Fails if the packages of a lock file have a known vulnerability.

python tools/audit.py REQUIREMENTS [OPTION OF pip-audit ...]

If the advisory service cannot be reached, or does not know a package (a mirror may not), one line
says so and the status is 0: a check that needs the network must not stop work without it.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

_AUDIT_TIMEOUT: Final = 30

_AUDIT: Final = (
    *(sys.executable, "-m", "pip_audit"),
    *("--strict", "--require-hashes", "--disable-pip", "--progress-spinner", "off"),
)


def audit(requirements: Path, *options: str) -> int:
    """The exit status: 1 if a vulnerability is known. All known ones are printed."""
    command = (*_AUDIT, "-r", str(requirements), *options)
    try:
        asked = subprocess.run(
            command, capture_output=True, text=True, timeout=_AUDIT_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return _go_on(f"no answer within {_AUDIT_TIMEOUT} seconds")
    if asked.returncode == 0:
        _say(asked.stderr.strip().splitlines()[-1])
        return 0
    # pip-audit ends with 1 for every failure. It prints a list only if there are vulnerabilities.
    if asked.stdout.strip():
        _say(asked.stdout + asked.stderr)
        return 1
    lines = asked.stderr.strip().splitlines()
    return _go_on(lines[-1] if lines else "no reason given")


def _go_on(reason: str) -> int:
    _say(f"Vulnerabilities were not looked for: {reason}")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(audit(Path(sys.argv[1]), *sys.argv[2:]))
