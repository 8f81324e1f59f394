"""The deployment files: linted, valid, agreeing with each other, and their steps run."""

import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from typer.testing import CliRunner

from sconto.cli import app
from tests.house.sources import ROOT
from tests.packages.dockerfile import PATH as DOCKERFILE
from tests.packages.dockerfile import instructions
from tests.packages.installed import service_of
from tests.services import SCONTO, environment_of

DEPLOY: Final = ROOT / "deploy"
COMPOSE: Final = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
ANALYZE: Final = shutil.which("systemd-analyze")

OLDEST_KUBERNETES: Final = "1.30"
NEWEST_KUBERNETES: Final = "1.36"


def manifest_files() -> list[Path]:
    """The files that the kustomization names; the folder has no others."""
    folder = DEPLOY / "kubernetes"
    named = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    files = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(named) == files
    return [folder / name for name in named]


def manifests() -> list[dict[str, Any]]:
    """The resources in those files."""
    return [yaml.safe_load(path.read_text()) for path in manifest_files()]


def parses(command: list[str]) -> bool:
    """Whether `sconto` knows these arguments. It is not started."""
    result = CliRunner().invoke(app, [*command, "--help"])
    return result.exit_code == 0


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    run = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "")


def test_the_image_is_built_from_hashed_packages_and_runs_without_rights() -> None:
    steps = instructions()
    last_stage = steps[[step.cmd for step in steps].index("FROM", 1) :]
    assert [step.value for step in last_stage if step.cmd == "USER"] == [("10001:10001",)]
    assert [step.cmd for step in last_stage if step.cmd in ("RUN", "ADD")] == []
    for step in steps:
        for install in re.findall(r"pip install ([^&]*)", step.value[0]):
            assert "--require-hashes" in install or "--no-deps" in install


def test_the_files_that_the_image_copies_are_in_its_context() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    allowed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    for step in instructions():
        if step.cmd == "COPY" and not step.flags:
            for source in step.value[:-1]:
                assert (ROOT / source).exists(), source
                assert source.split("/")[0] in allowed, source


def test_the_commands_of_the_files_are_known() -> None:
    [entry] = [step.value for step in instructions() if step.cmd == "ENTRYPOINT"]
    [start] = [step.value for step in instructions() if step.cmd == "CMD"]
    assert entry == ("sconto",)
    assert parses(list(start))
    for service in COMPOSE["services"].values():
        assert "command" not in service or parses(service["command"])
    for manifest in manifests():
        for container in containers_of(manifest):
            assert parses(container["args"])
    unit = (DEPLOY / "systemd" / "sconto.service").read_text()
    [words] = re.findall(r"^ExecStart=\S+/sconto (.*)$", unit, re.M)
    assert parses(words.split())


def containers_of(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The containers of a workload; empty for another resource."""
    found: list[dict[str, Any]] = (
        manifest.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])
    )
    return found


@pytest.mark.soak
def test_the_steps_of_the_image_make_a_service_that_runs(
    create_database: Callable[[], str], tmp_path: Path
) -> None:
    """Run every RUN step in a folder instead of a root: `/opt` and `/build` are in it."""
    work = tmp_path / "build"
    work.mkdir()
    for step in instructions():
        if step.cmd == "COPY" and not step.flags:
            _copy(step.value, work)
        elif step.cmd == "RUN":
            command = re.sub(r"(?<=\s)(?=/(?:opt|build)/)", str(tmp_path), f" {step.value[0]}")
            path = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
            subprocess.run(["sh", "-euc", command], cwd=work, check=True, env=environment_of(path))
    programs = tmp_path / "opt" / "sconto" / "bin"
    assert not (programs / "pip").exists()
    settings = {"SCONTO_DATABASE_URL": create_database(), "SCONTO_SECRET_KEY": "k" * 32}
    with service_of(programs).running(tmp_path / "service", settings, "--workers", "2") as service:
        assert service.get("/health/ready").status_code == 200
        assert service.get("/manual/").status_code == 200


def _copy(names: Sequence[str], work: Path) -> None:
    *sources, target = names
    for source in sources:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, work / target)
        else:
            place = work / target
            place.mkdir(exist_ok=True)
            shutil.copy(ROOT / source, place)


def test_the_compose_file_is_consistent() -> None:
    services, secrets = COMPOSE["services"], COMPOSE["secrets"]
    for service in services.values():
        assert set(service["secrets"]) <= secrets.keys()
        for name, how in service.get("depends_on", {}).items():
            waits_for_health = how["condition"] == "service_healthy"
            assert waits_for_health == ("healthcheck" in services[name])
        for mount in service.get("volumes", []):
            assert mount.split(":")[0] in COMPOSE["volumes"]
        for name, value in service["environment"].items():
            if name.endswith("_FILE"):
                assert Path(value).name in service["secrets"]
    for name in ("migrate", "sconto"):
        assert services[name]["read_only"]
        assert services[name]["cap_drop"] == ["ALL"]
    assert all(port.startswith("127.0.0.1:") for port in services["sconto"]["ports"])


def test_the_secrets_of_compose_are_created_once(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    for _ in range(2):
        subprocess.run([DEPLOY / "make-secrets", folder], check=True)
        made = {path.name: path.read_text() for path in folder.iterdir()}
    assert made.keys() == COMPOSE["secrets"].keys()
    assert made["database-password"].strip() in made["database-url"]
    assert made["secret-key"] != made["database-password"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    again = tmp_path / "again"
    subprocess.run([DEPLOY / "make-secrets", again], check=True)
    assert (again / "secret-key").read_text() != made["secret-key"]


@pytest.mark.parametrize(
    "version", [NEWEST_KUBERNETES, pytest.param(OLDEST_KUBERNETES, marks=pytest.mark.soak)]
)
def test_the_manifests_are_valid(version: str) -> None:
    # In a separate process: importing the package takes a second.
    program = Path(sys.executable).with_name("kubernetes-validate")
    command = [str(program), "--strict", "--quiet", "--kubernetes-version", version]
    run = subprocess.run([*command, *manifest_files()], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "")


def test_the_pods_run_without_rights_and_are_probed() -> None:
    by_kind = {manifest["kind"]: manifest for manifest in manifests()}
    assert by_kind["Deployment"]["spec"]["replicas"] == 2
    assert "--no-migrate" in containers_of(by_kind["Deployment"])[0]["args"]
    for kind in ("Deployment", "Job"):
        [container] = containers_of(by_kind[kind])
        pod = by_kind[kind]["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        locked = container["securityContext"]
        assert locked["readOnlyRootFilesystem"] is True
        assert locked["allowPrivilegeEscalation"] is False
        assert locked["capabilities"] == {"drop": ["ALL"]}
    [serving] = containers_of(by_kind["Deployment"])
    probes = {name: serving[name]["httpGet"] for name in serving if name.endswith("Probe")}
    assert len(probes) == 3
    assert probes["readinessProbe"]["path"] == "/health/ready"
    names = {port["name"] for port in serving["ports"]}
    assert {probe["port"] for probe in probes.values()} <= names


def test_the_selectors_of_the_manifests_find_the_pods() -> None:
    by_kind = {manifest["kind"]: manifest for manifest in manifests()}
    labels = by_kind["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    for kind in ("Deployment", "PodDisruptionBudget"):
        assert by_kind[kind]["spec"]["selector"]["matchLabels"].items() <= labels
    assert by_kind["Service"]["spec"]["selector"].items() <= labels
    policy = by_kind["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"].items()
    assert policy <= labels
    migrating = by_kind["Job"]["spec"]["template"]["metadata"]["labels"].items()
    assert policy <= migrating
    # The service sends no requests to the job's pod.
    assert not by_kind["Service"]["spec"]["selector"].items() <= migrating


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_the_unit_and_rates_it_as_secure(tmp_path: Path) -> None:
    unit = tmp_path / "sconto.service"
    text = (DEPLOY / "systemd" / "sconto.service").read_text()
    assert text.count("/opt/sconto/bin/sconto") == 1
    unit.write_text(text.replace("/opt/sconto/bin/sconto", SCONTO))
    for arguments in (["verify", "--man=no"], ["security", "--offline=true", "--threshold=15"]):
        run = subprocess.run(
            ["systemd-analyze", *arguments, str(unit)], capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr
        assert "sconto.service:" not in run.stderr
