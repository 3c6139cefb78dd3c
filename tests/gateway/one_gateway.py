"""One gateway for all tests of a file, with its small Prefect, its ledger and a client."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from blocks.ledger.store import Ledger
from blocks.setting_fields import KINDS
from gateway.options import Options
from tests.gateway.conftest import Running
from tests.gateway.fake_prefect import FakePrefect

ENGINE = {"name": "vllm", "kind": "vllm", "host": "spark-1", "port": 9, "container": "vllm_node"}
SPEECH = {"name": "parakeet", "kind": "stt", "host": "spark-2", "port": 9, "container": "parakeet-asr"}
QDRANT = {"name": "qdrant", "kind": "qdrant", "host": "spark-2", "port": 9, "container": "qdrant"}
HOSTS = [{"name": "spark-1", "address": "127.0.0.1"}, {"name": "spark-2", "address": "192.0.2.2"}]
"""The second host is one that nobody answers for: nothing is ever sent back from there."""


class OneGateway:
    """What the tests of a file share."""

    def __init__(self, prefect: FakePrefect, ledger: Ledger, http: httpx.Client) -> None:
        self.prefect = prefect
        self.ledger = ledger
        self.http = http

    def reset(self) -> None:
        """Prefect as it was at first, and the gateway with those settings."""
        fill(self.prefect)
        self.prefect.created.clear()
        self.prefect.on_created = lambda _run_id: None
        self.until(lambda: [each["name"] for each in self.services()] == ["vllm", "parakeet", "qdrant"])

    def services(self) -> list[dict[str, Any]]:
        """As the API shows them."""
        return self.http.get("/api/services").raise_for_status().json()["services"]

    def service(self, name: str) -> dict[str, Any]:
        """One of them."""
        return next(each for each in self.services() if each["name"] == name)

    def until(self, seen: Callable[[], Any], seconds: float = 15) -> Any:
        """The first true thing that is seen."""
        until = time.monotonic() + seconds
        while not (found := seen()):
            assert time.monotonic() < until, "it did not come about"
            time.sleep(0.05)
        return found


def fill(prefect: FakePrefect) -> None:
    """Every block as it is at first."""
    prefect.documents |= {block: {} for block in KINDS}
    prefect.documents["cluster"] = {"hosts": HOSTS, "services": [ENGINE, SPEECH, QDRANT]}


@contextmanager
def one_gateway(empty_ledger: Path, folder: Path) -> Iterator[OneGateway]:
    """A gateway while the block lasts."""
    shutil.copy(empty_ledger, folder / "ledger.db")
    with ExitStack() as held:
        ledger, prefect = Ledger(f"sqlite:///{folder}/ledger.db"), FakePrefect()
        held.callback(ledger.close)
        held.callback(prefect.close)
        fill(prefect)
        environment = held.enter_context(pytest.MonkeyPatch.context())
        environment.setenv("PREFECT_API_URL", prefect.url)
        options = Options(
            prefect_url=prefect.url,
            prefect_ui_url="http://prefect.example",
            ledger_url=f"sqlite:///{folder}/ledger.db",
            drain_seconds=1.0,
            access_log="off",
        )
        gateway = Running(options)
        gateway.start()
        held.callback(gateway.stop)
        http = held.enter_context(httpx.Client(base_url=gateway.url, timeout=30))
        yield OneGateway(prefect, ledger, http)
