"""The list of packages that `make sbom` writes."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.house.sources import ROOT
from tests.house.test_repository import pins


@pytest.mark.parametrize(
    "options",
    [
        "--no-validate",
        # Comparing it with the format's schema takes three seconds.
        pytest.param("--validate", marks=pytest.mark.soak),
    ],
)
def test_the_list_has_every_package_with_its_hashes(options: str, tmp_path: Path) -> None:
    listing = tmp_path / "sconto.cdx.json"
    command = ["make", "--silent", "--old-file=.venv/.dev", "sbom"]
    command += [f"SBOM={listing}", f"SBOM_OPTIONS={options}"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    said = json.loads(listing.read_text())
    assert said["bomFormat"] == "CycloneDX"
    assert said["metadata"]["component"]["name"] == "sconto"
    listed = {one["name"]: one for one in said["components"]}
    locked = pins("run.txt")
    assert {name: one["version"] for name, one in listed.items()} == {
        name: str(version) for name, version in locked.items()
    }
    references = [one["externalReferences"] for one in listed.values()]
    assert all(any("hashes" in reference for reference in each) for each in references)
