"""Our blocks on a real Prefect server: their forms, their first documents, and what stays hidden."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from blocks.ledger.migrate import migrate
from blocks.ledger.store import Ledger
from blocks.settings import load_settings

CHECKOUT = Path(__file__).parents[2]
FILL = "import asyncio; from control.prepare import *; asyncio.run(prepare(first_documents()))"


@pytest.fixture(scope="module")
def prepared(prefect, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory):
    """Prefect with our blocks, for a cluster of one host with a bot."""
    bot = tmp_path_factory.mktemp("first") / "bot.yaml"
    bot.write_text("user: bot\ndirectory: ~/chat\n")
    fill(environment, SPARK_BOT_FILE=str(bot))
    return prefect


def fill(environment: dict[str, str], **files: str) -> None:
    """Register the blocks and fill those that have no document, as a start of the house does."""
    variables = {**environment, "SPARK_HOSTS": "spark-1=ada@10.0.0.1", "SPARK_CLUSTER_FILE": "", **files}
    subprocess.run([sys.executable, "-c", FILL], cwd=CHECKOUT, env=variables, check=True)


def document(prefect: Any, kind: str, secrets: bool = False) -> dict[str, Any]:
    path = f"/block_types/slug/{kind}/block_documents/name/default?include_secrets={str(secrets).lower()}"
    return prefect.ask("GET", path)


def edit(prefect: Any, kind: str, data: dict[str, Any]) -> None:
    """Save a document as Prefect's UI does."""
    path = f"{prefect.http.base_url}block_documents/{document(prefect, kind)['id']}"
    body = {"data": data, "merge_existing_data": False}
    for _ in range(50):
        answer = prefect.http.patch(path, json=body)
        if answer.status_code != 503:
            break
    answer.raise_for_status()


def settings_of(prefect: Any, folder: Path, monkeypatch: pytest.MonkeyPatch):
    """The settings as every process reads them."""
    monkeypatch.setenv("PREFECT_API_URL", str(prefect.http.base_url))
    url = f"sqlite:///{folder}/ledger.db"
    migrate(url)
    ledger = Ledger(url)
    try:
        return load_settings(ledger)
    finally:
        ledger.close()


def test_a_service_and_the_drain_are_set_in_the_form(prepared, tmp_path, monkeypatch):
    asr = {"name": "asr", "kind": "stt", "host": "spark-1", "port": 8000, "container": "asr", "at_once": 3}
    edit(
        prepared, "cluster", {**document(prepared, "cluster")["data"], "services": [asr], "drain_seconds": 5}
    )

    settings = settings_of(prepared, tmp_path, monkeypatch)

    assert (settings.cluster.service("asr").limit, settings.cluster.drain_seconds) == (3, 5)
    form = document(prepared, "cluster")["block_schema"]["fields"]
    fields = form["definitions"]["Service"]["properties"]
    assert {"at_once", "queue", "dialect", "realtime", "idle_seconds"} <= fields.keys()
    assert all(fields[name].get("description") for name in ("at_once", "queue", "dialect", "realtime"))
    assert "drain_seconds" in form["properties"]


def test_the_bot_of_the_first_start_is_in_its_block(prepared, tmp_path, monkeypatch):
    bot = settings_of(prepared, tmp_path, monkeypatch).bot

    assert (bot.user, bot.directory, bot.branch) == ("bot", "~/chat", "main")


def test_upstream_keys_stay_hidden_in_prefect_and_survive_an_edit(prepared):
    edit(prepared, "upstream-keys", {"keys": {"vllm": "s3cret"}})

    shown = document(prepared, "upstream-keys")
    listed = prepared.ask("POST", "/block_documents/filter", limit=100)

    assert "s3cret" not in f"{shown} {listed}"
    assert shown["data"]["keys"].keys() == {"vllm"}

    edit(prepared, "upstream-keys", {"keys": {**shown["data"]["keys"]}})
    assert document(prepared, "upstream-keys", secrets=True)["data"] == {"keys": {"vllm": "s3cret"}}


def test_a_document_that_is_there_stays_as_the_operator_left_it(prepared, environment):
    edit(prepared, "catalog", {"recipes": [{"key": "own", "model": "org/own"}]})

    fill(environment)

    assert document(prepared, "catalog")["data"] == {"recipes": [{"key": "own", "model": "org/own"}]}
