"""Keys, passwords, tokens and codes are in no log, metric or error."""

from pathlib import Path

import httpx
import psycopg

from sconto.api.clock import read_clock
from sconto.domain.api_keys import write_key
from sconto.domain.people import Caller, Role
from sconto.operations.tokens import Tokens
from tests.security.endpoints import PUBLIC, Things, operations_of, send
from tests.services import Service

KEY = "secret-key-that-nobody-should-ever-see-in-a-log"
SECRETS = Things(
    4_242_424,
    5_353_535,
    "secret-order",
    "SECRETCODE",
    "6464646",
    "SECRETSUBSCRIPTION",
    "1",
    7_575_757,
)
API_KEY = write_key("KeyThatNobodyShouldSeeInALog00")


async def test_secrets_are_in_no_log_metric_or_error(database_url: str, tmp_path: Path) -> None:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "INSERT INTO merchants (name) VALUES ('secretive') RETURNING merchant_id"
        ).fetchone()
    assert row is not None
    token = Tokens(KEY.encode()).issue(Caller(row[0], 1, Role.ADMIN), read_clock())
    settings = {"SCONTO_DATABASE_URL": database_url, "SCONTO_SECRET_KEY": KEY}
    with Service.running(tmp_path, settings) as service:
        headers = {"AuthorizationJWT": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=service.url, timeout=30) as client:
            said = ""
            person = {"username": "secret-user", "password": "secret-password"}
            said += (await client.post("/v1/login_check", json=person)).text
            for method, path in await operations_of(client):
                for sent in (headers, {"Authorization": f"Bearer {token[:-4]}"}):
                    answer = await send(client, method, path, SECRETS, sent)
                    said += answer.text if answer.status_code in (401, 403, 500) else ""
            sent = {"Authorization": f"Bearer {API_KEY}"}
            refused = await client.get("/v1/promotion", headers=sent)
            assert refused.status_code == 401
            said += refused.text
            figures = (await client.get("/metrics")).text
            assert "Server" not in answer.headers
        log = service.log
    assert log.count('"event":"request"') > 2 * len(PUBLIC)
    for secret in (KEY, token, token.split(".")[2], "secret-password", "secret-user", API_KEY):
        assert secret not in log + figures + said
    for name in (SECRETS.code, SECRETS.order, SECRETS.subscription_code):
        assert name not in log + figures
