"""The gateway with keys and policies between its two models: outside, and on the LAN."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from blocks.ledger.keys import create_key
from blocks.ledger.migrate import migrate
from blocks.ledger.store import Ledger
from gateway.options import Options
from gateway.redaction.options import RedactionOptions
from tests.gateway.conftest import Running, cluster_document
from tests.gateway.fake_prefect import FakePrefect
from tests.redaction.models import Model, serving

HOST = "spark.example"
"""The one host name that requests to this gateway may give."""

POLICIES: dict[str, Any] = {
    "callers": {
        "crm": {"off": ["EMAIL"]},
        "lab": {"media": "lan", "unsafe": "lan"},
        "board": {"outside": False},
        "abroad": {"hosts": ["api.example.com"]},
        "curious": {"lan_finder": "may"},
        "careful": {"lan_finder": "must"},
    }
}


@dataclass
class House:
    """
    The gateway between its two models.

    Attributes:
        client: For each caller, by name; `admin` has the scope control.
    """

    outside: Model
    lan: Model
    client: dict[str, httpx.Client]
    policies: Path
    prefect: FakePrefect
    ledger_url: str

    def ask(self, caller: str, content: Any, api: str = "chat/completions", **more: Any) -> httpx.Response:
        self.outside.saw.clear()
        self.lan.saw.clear()
        asked = (
            {"input": content} if api == "responses" else {"messages": [{"role": "user", "content": content}]}
        )
        body = {"model": "far-away", **asked, **more}
        return self.client[caller].post(f"/v1/redacted/{api}", json=body)


@contextmanager
def gateway_at(options: Options) -> Iterator[str]:
    """A gateway at work until the block ends; its URL."""
    gateway = Running(options)
    gateway.start()
    yield gateway.url
    gateway.stop()


def _keys(url: str) -> dict[str, str]:
    ledger = Ledger(url)
    made = {name: create_key(ledger, name, ["inference"]) for name in POLICIES["callers"]}
    made["admin"] = create_key(ledger, "admin", ["inference", "control"])
    ledger.close()
    return made


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    url, prefect = f"sqlite:///{folder}/ledger.db", FakePrefect()
    migrate(url)
    policies = folder / "policies.json"
    policies.write_text(json.dumps(POLICIES))
    with serving(Model()) as outside, serving(Model()) as lan, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_API_URL", prefect.url)
        prefect.documents["cluster"] = cluster_document(lan.port)
        redaction = RedactionOptions(
            map_db=folder / "map" / "map.db",
            key_file=folder / "keys" / "key",
            policies=str(policies),
            processes=1,
            outside_url=f"http://127.0.0.1:{outside.port}/v1",
        )
        keys = _keys(url)
        options = Options(prefect_url=prefect.url, ledger_url=url, access_log="off", redaction=redaction)
        options = replace(options, allowed_hosts=frozenset((HOST,)))
        with gateway_at(options) as at:
            clients = {
                name: httpx.Client(base_url=at, timeout=60, headers={"x-api-key": key, "host": HOST})
                for name, key in keys.items()
            }
            yield House(outside, lan, clients, policies, prefect, url)
            for client in clients.values():
                client.close()
    prefect.close()
