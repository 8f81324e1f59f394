"""The list of commands: the summaries, and the imports."""

import subprocess
import sys

import pytest

from sconto.cli import COMMANDS
from tests.cli.conftest import Sconto


@pytest.mark.parametrize("name", COMMANDS)
async def test_each_summary_begins_the_commands_own_help(sconto: Sconto, name: str) -> None:
    shown = await sconto(name, "--help")
    assert shown.code == 0
    first_line = shown.out.split("\n\n")[1].strip()
    assert first_line == COMMANDS[name].summary
    assert COMMANDS[name].summary in (await sconto("--help")).out


async def test_a_misspelt_command_is_a_usage_error(sconto: Sconto) -> None:
    refused = await sconto("merchnat", "list")
    assert (refused.code, refused.out) == (2, "")
    assert "No such command 'merchnat'. Did you mean 'merchant'?" in refused.err


async def test_a_demo_without_the_client_says_what_is_missing(
    sconto: Sconto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sconto.cli.demo.find_spec", lambda _: None)
    refused = await sconto("demo")
    assert refused.code == 1
    assert refused.err == "sconto: the demo's shop needs httpx: install sconto[client]\n"


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"]])
def test_a_command_imports_no_other_command(arguments: list[str]) -> None:
    program = (
        "import sys; from sconto.cli import app; app(standalone_mode=False);"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    modules = done.stdout.split()
    assert {"sconto.cli.codes", "httpx", "psycopg", "alembic"}.isdisjoint(modules)
    assert ("asyncpg" in modules) == ("serve" in arguments)
