"""The settings of a process, read from Prefect's block documents over HTTP: nothing here imports Prefect."""

import base64
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from sqlalchemy.exc import SQLAlchemyError

from blocks.bot import Bot
from blocks.cluster import TRUST_FIELDS, Cluster, faults_of, with_default_services
from blocks.ledger.seen import read_seen, write_seen
from blocks.ledger.store import Ledger
from blocks.nim import NgcKey
from blocks.recipe import LAUNCH_FIELDS, Catalog
from blocks.tolerant import read_settings
from blocks.upstream_keys import UpstreamKeys, read_upstream_keys
from blocks.webhook import Webhook

log = logging.getLogger(__name__)

DOCUMENT = "default"
"""The name of the one document of each kind that the house reads."""

BUSY_PAUSES = (0.3, 0.7, 1.5, 3.0)
"""Prefect on SQLite answers 503 while its database is locked; the call had no effect and is made again."""

_KINDS = ("cluster", "catalog", "swap-webhook", "upstream-keys", "bot", "ngc-key")
_REMEMBERED = ("cluster", "catalog", "bot")
_SUBJECT = "settings/documents"


@dataclass(frozen=True)
class Settings:
    """
    What the operator set, with defaults where nothing usable was.

    Attributes:
        upstream_keys: Keys of services that ask for one, by the service's name.
        problems: One sentence for each value that was not used.
        from_memory: True when Prefect could not be asked and the last known settings stand in.
    """

    cluster: Cluster = field(default_factory=Cluster)
    catalog: Catalog = field(default_factory=Catalog)
    webhook: Webhook = field(default_factory=Webhook)
    problems: tuple[str, ...] = ()
    from_memory: bool = False
    upstream_keys: UpstreamKeys = field(default_factory=UpstreamKeys)
    bot: Bot = field(default_factory=Bot)
    ngc_key: NgcKey = field(default_factory=NgcKey)

    def with_keys_of(self, before: "Settings") -> "Settings":
        """The same; from memory, which holds no secrets, with the upstream keys this process read before."""
        return replace(self, upstream_keys=before.upstream_keys) if self.from_memory else self


def prefect_api_url() -> str:
    """Prefect's API, from PREFECT_API_URL."""
    return os.environ.get("PREFECT_API_URL", "http://127.0.0.1:4200/api").rstrip("/")


def prefect_headers() -> dict[str, str]:
    """What a guarded Prefect server wants to see: PREFECT_API_AUTH_STRING ('user:password') as Basic."""
    pair = os.environ.get("PREFECT_API_AUTH_STRING", "")
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"} if pair else {}


def prefect_client() -> httpx.Client:
    """A client of Prefect's API."""
    url = prefect_api_url()
    # Without https there are no certificates to read, which costs 25 ms each time.
    return httpx.Client(base_url=url, headers=prefect_headers(), timeout=5, verify=url.startswith("https"))


def ledger_url() -> str:
    """The ledger's database, from SPARK_LEDGER_URL."""
    return os.environ.get("SPARK_LEDGER_URL", "sqlite:///.state/ledger.db")


def load_settings(ledger: Ledger) -> Settings:
    """
    Read the settings as they are now.

    With Prefect out of reach the ones that were read last stand in (secrets are not remembered).
    Never raises for bad values or an unreachable Prefect.
    """
    try:
        with prefect_client() as client:
            documents = _documents(client)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        log.warning("Prefect cannot be asked for the settings (%s): the last known ones stand in", error)
        remembered = read_seen(ledger, _SUBJECT).get(_SUBJECT)
        return make_settings(remembered.data if remembered else {}, from_memory=True)
    _remember(ledger, {kind: documents[kind] for kind in _REMEMBERED})
    return make_settings(documents)


def make_settings(documents: Mapping[str, Any], *, from_memory: bool = False) -> Settings:
    """Settings from the data of block documents by kind; pure."""
    cluster, of_cluster = read_settings(Cluster, documents.get("cluster") or {}, TRUST_FIELDS)
    catalog, of_catalog = read_settings(Catalog, documents.get("catalog") or {}, LAUNCH_FIELDS)
    webhook, of_webhook = read_settings(Webhook, documents.get("swap-webhook") or {})
    bot, of_bot = read_settings(Bot, documents.get("bot") or {})
    ngc_key, of_ngc_key = read_settings(NgcKey, documents.get("ngc-key") or {})
    cluster = with_default_services(cluster)
    services = [service.name for service in cluster.services]
    keys, of_keys = read_upstream_keys(documents.get("upstream-keys") or {}, services)
    problems = [
        *(f"cluster: {problem}" for problem in (*of_cluster, *faults_of(cluster))),
        *(f"catalog: {problem}" for problem in of_catalog),
        *(f"webhook: {problem}" for problem in of_webhook),
        *(f"upstream keys: {problem}" for problem in of_keys),
        *(f"bot: {problem}" for problem in of_bot),
        *(f"NGC key: {problem}" for problem in of_ngc_key),
    ]
    return Settings(cluster, catalog, webhook, tuple(problems), from_memory, keys, bot, ngc_key)


def _documents(client: httpx.Client) -> dict[str, dict[str, Any]]:
    """The data of every block document by kind, with one question; empty where there is none yet."""
    wanted = {
        "block_types": {"slug": {"any_": list(_KINDS)}},
        "block_documents": {"name": {"any_": [DOCUMENT]}},
        "include_secrets": True,
    }
    answer = client.post("/block_documents/filter", json=wanted).raise_for_status().json()
    if not isinstance(answer, list):
        raise ValueError("Prefect's answer is no list of block documents")  # noqa: TRY004 - as bad JSON is
    found = {_kind(document): document.get("data") for document in answer if isinstance(document, dict)}
    return {kind: data if isinstance(data := found.get(kind), dict) else {} for kind in _KINDS}


def _kind(document: dict[str, Any]) -> str:
    block_type = document.get("block_type")
    return str(block_type.get("slug")) if isinstance(block_type, dict) else ""


def _remember(ledger: Ledger, documents: dict[str, Any]) -> None:
    """Keep the documents for a time without Prefect; a ledger that is away does not stop their being used."""
    try:
        known = read_seen(ledger, _SUBJECT).get(_SUBJECT)
        if known is None or known.data != documents:
            write_seen(ledger, _SUBJECT, documents)
    except SQLAlchemyError as error:
        log.warning("the settings could not be remembered: %s", error)
