"""Adding a service to the Cluster's settings, so that gateway, checks and dashboard know it."""

import httpx

from blocks.cluster import TRUST_FIELDS, Cluster, Service, with_default_services
from blocks.ledger.store import Ledger
from blocks.own_document import Data, Document, DocumentBusy, NoDocument, change_document
from blocks.tolerant import read_settings
from tasks.outcome import Failed


def register_service(ledger: Ledger, service: Service) -> None:
    """Add it; `Failed` when its name is taken or the settings cannot be written."""

    def edit(document: Document) -> Data:
        return with_service(document.data, service)

    try:
        change_document(ledger, "cluster", edit, "Cluster", secrets=False)
    except (DocumentBusy, NoDocument) as error:
        raise Failed(str(error)) from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Failed(f"Prefect, which keeps the settings, cannot be asked ({error})") from error


def with_service(data: Data, service: Service) -> Data:
    """
    The Cluster's data with one service more (pure).

    Where it names none the usual ones stand in: they are written down with it, for otherwise it would
    take their place.
    """
    cluster = with_default_services(read_settings(Cluster, data, TRUST_FIELDS)[0])
    if service.name in [known.name for known in cluster.services]:
        raise Failed(f"there is a service named {service.name} already")
    present = data.get("services") or [_plain(known) for known in cluster.services]
    return {**data, "services": [*present, _plain(service)]}


def _plain(service: Service) -> Data:
    return service.model_dump(mode="json", exclude_defaults=True)
