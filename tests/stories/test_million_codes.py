"""A million codes are uploaded and downloaded, and the service goes on."""

import re
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
import psycopg
import pytest

from sconto.api.clock import read_clock
from sconto.domain.people import Caller
from sconto.operations.promotions import create_promotion
from sconto.operations.tokens import Tokens
from sconto.store.database import Database
from tests.builders import NOON, a_promotion
from tests.conftest import SECRET_KEY
from tests.services import Service

MEGABYTE = 1024 * 1024


def most_memory(process: int) -> int:
    """The peak memory of the process, in bytes."""
    status = Path(f"/proc/{process}/status").read_text()
    [kilobytes] = re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.M)
    return int(kilobytes) * 1024


def processor_seconds(worker: int, database_url: str) -> float:
    """The processor time of the worker and of its sessions, whatever else the machine does."""
    with psycopg.connect(database_url) as connection:
        sessions = connection.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    times = [psutil.Process(pid).cpu_times() for pid in (worker, *(pid for (pid,) in sessions))]
    return float(sum(time.user + time.system for time in times))


@pytest.fixture
async def promotion_id(database: Database, merchant: Caller) -> int:
    return await create_promotion(database, merchant, a_promotion(codes=("X",)), NOON)


@pytest.mark.parametrize(
    "number", [20_000, pytest.param(1_000_000, marks=[pytest.mark.soak, pytest.mark.timeout(300)])]
)
def test_codes_are_uploaded_and_downloaded_as_a_stream(
    database_url: str, merchant: Caller, promotion_id: int, tmp_path: Path, number: int
) -> None:
    settings = {
        "SCONTO_DATABASE_URL": database_url,
        "SCONTO_SECRET_KEY": SECRET_KEY.decode(),
        "SCONTO_DATA_DIR": str(tmp_path / "unused"),
    }
    token = Tokens(SECRET_KEY).issue(merchant, read_clock())
    headers = {"Authorization": f"Bearer {token}"}
    with Service.running(tmp_path / "service", settings) as service:
        [worker] = service.workers()
        url = f"{service.url}/v1/promotion/{promotion_id}/codes"
        httpx.get(url, headers=headers)
        before = most_memory(worker)

        content = "".join(f"SUMMER-{one:07}-K\n" for one in range(number)).encode()
        used = processor_seconds(worker, database_url)
        answer = httpx.post(
            url, content=content, headers={**headers, "Content-Type": "text/csv"}, timeout=200
        )
        assert (answer.status_code, answer.json()) == (200, {"added": number})
        used = processor_seconds(worker, database_url) - used
        # A third of that is usual.
        assert used < 40

        codes = 0
        with httpx.stream("GET", url, headers={**headers, "Accept": "text/csv"}) as download:
            for line in download.iter_lines():
                codes += line.startswith("SUMMER-")
        assert codes == number
        # An export is sent in parts of ten thousand codes; the whole file has 17 MB.
        assert most_memory(worker) - before < 40 * MEGABYTE
