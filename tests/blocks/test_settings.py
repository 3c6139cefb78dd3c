"""Reading the settings from Prefect's block documents, and what stands in when that fails."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from blocks.ledger.migrate import migrate
from blocks.ledger.store import Ledger
from blocks.settings import Settings, ledger_url, load_settings, make_settings, prefect_headers

CLUSTER = {"hosts": [{"name": "spark-1", "address": "10.0.0.1"}]}
CATALOG = {"recipes": [{"key": "own", "model": "org/own"}]}
WEBHOOK = {"url": "http://10.0.0.9/hook", "secret": "s3cret"}


class BlockServer(ThreadingHTTPServer):
    """Prefect's API, as far as block documents go; `documents` by kind, any other answer in `instead`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), BlockHandler)
        self.documents: dict[str, Any] = {}
        self.instead: tuple[int, bytes] | None = None
        self.asked: list[tuple[str, str]] = []


class BlockHandler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, self.headers.get("Authorization", "")))
        code, body = 404, b'{"detail": "Not Found"}'
        if self.server.instead:
            code, body = self.server.instead
        elif self.path == "/api/block_documents/filter" and wanted["include_secrets"]:
            kinds = wanted["block_types"]["slug"]["any_"]
            found = [
                {"name": "default", "block_type": {"slug": kind}, "data": data}
                for kind, data in self.server.documents.items()
                if kind in kinds
            ]
            code, body = 200, json.dumps(found).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def prefect(monkeypatch) -> Iterator[BlockServer]:
    with BlockServer() as server:
        monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{server.server_port}/api/")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path}/ledger.db"
    migrate(url)
    ledger = Ledger(url)
    yield ledger
    ledger.close()


def test_settings_are_read_from_their_documents(prefect: BlockServer, ledger: Ledger):
    prefect.documents = {"cluster": CLUSTER, "catalog": CATALOG, "swap-webhook": WEBHOOK}

    settings = load_settings(ledger)

    assert [host.name for host in settings.cluster.hosts] == ["spark-1"]
    assert settings.cluster.vllm.port == 8888
    assert settings.catalog.recipe("own").model == "org/own"
    assert str(settings.webhook.url) == "http://10.0.0.9/hook"
    assert settings.webhook.secret.get_secret_value() == "s3cret"
    assert (settings.problems, settings.from_memory) == ((), False)


def test_documents_that_are_not_there_yet_mean_defaults(prefect: BlockServer, ledger: Ledger):
    assert load_settings(ledger) == Settings()


def test_a_guarded_prefect_gets_its_password(prefect: BlockServer, ledger: Ledger, monkeypatch):
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "admin:secret")

    load_settings(ledger)

    assert {auth for _, auth in prefect.asked} == {f"Basic {base64.b64encode(b'admin:secret').decode()}"}


def test_an_open_prefect_gets_none(monkeypatch):
    monkeypatch.delenv("PREFECT_API_AUTH_STRING", raising=False)

    assert prefect_headers() == {}


def test_with_prefect_away_the_last_known_settings_stand_in(
    prefect: BlockServer, ledger: Ledger, monkeypatch
):
    prefect.documents = {"cluster": CLUSTER, "catalog": CATALOG, "swap-webhook": WEBHOOK}
    known = load_settings(ledger)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")

    settings = load_settings(ledger)

    assert (settings.cluster, settings.catalog) == (known.cluster, known.catalog)
    assert settings.from_memory


def test_secrets_are_not_remembered(prefect: BlockServer, ledger: Ledger, tmp_path: Path):
    prefect.documents = {"cluster": CLUSTER, "swap-webhook": WEBHOOK}
    load_settings(ledger)
    ledger.close()

    assert b"spark-1" in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"s3cret" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


@pytest.mark.parametrize(
    "instead",
    [(500, b"boom"), (401, b""), (200, b"<html>a proxy's page</html>"), (200, b"[]"), (200, b'{"data": 5}')],
)
def test_no_answer_of_prefect_makes_the_reading_fail(prefect: BlockServer, ledger: Ledger, instead):
    prefect.instead = instead

    assert load_settings(ledger).cluster.hosts == []


def test_an_address_of_prefect_that_is_none_is_like_prefect_away(ledger: Ledger, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "http://[nonsense")

    assert load_settings(ledger).from_memory


def test_problems_say_in_which_document_and_which_value():
    settings = make_settings(
        {
            "cluster": {**CLUSTER, "silence_seconds": -1, "services": [{"name": "asr"}]},
            "catalog": {"recipes": [{"key": "a", "model": "b"}]},
            "swap-webhook": {"url": "gopher://x"},
        }
    )

    beginnings = [problem.split(": ")[:2] for problem in settings.problems]
    assert beginnings[:2] == [
        ["cluster", "services[asr].host is missing"],
        ["cluster", "silence_seconds"],
    ]
    assert ["catalog", "recipes[a].model"] in beginnings
    assert beginnings[-1] == ["webhook", "url"]


def test_a_doubled_host_is_reported_with_the_rest():
    hosts = [*CLUSTER["hosts"], *CLUSTER["hosts"]]

    assert make_settings({"cluster": {"hosts": hosts}}).problems == (
        "cluster: two hosts are named 'spark-1'",
    )


def test_keys_of_upstreams_are_read_by_service_and_not_remembered(
    prefect: BlockServer, ledger: Ledger, monkeypatch, tmp_path: Path
):
    prefect.documents = {"cluster": CLUSTER, "upstream-keys": {"keys": {"vllm": "s3cret"}}}
    known = load_settings(ledger)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    later = load_settings(ledger)
    ledger.close()

    assert (known.upstream_keys, known.problems) == ({"vllm": "s3cret"}, ())
    assert later.upstream_keys == {}
    assert b"s3cret" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_with_prefect_away_a_process_keeps_the_upstream_keys_it_has_read():
    before = make_settings({"cluster": CLUSTER, "upstream-keys": {"keys": {"vllm": "s3cret"}}})

    assert make_settings({}, from_memory=True).with_keys_of(before).upstream_keys == {"vllm": "s3cret"}
    assert make_settings({}).with_keys_of(before).upstream_keys == {}


def test_a_secret_is_not_shown_when_settings_are_printed():
    assert "s3cret" not in repr(make_settings({"swap-webhook": WEBHOOK}))


def test_the_ledger_is_the_one_of_the_environment(monkeypatch):
    monkeypatch.setenv("SPARK_LEDGER_URL", "sqlite:////tmp/other.db")
    assert ledger_url() == "sqlite:////tmp/other.db"
    monkeypatch.delenv("SPARK_LEDGER_URL")
    assert ledger_url() == "sqlite:///.state/ledger.db"
