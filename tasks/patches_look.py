"""One look at the speech container's patches, written down for the dashboard; without Prefect."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx

from blocks.cluster import Cluster, Service
from blocks.ledger.seen import read_seen, write_seen
from blocks.ledger.store import Ledger
from blocks.patches import PATCHES
from blocks.settings import Settings
from tasks.checks.patches import PatchesInPlace, PatchesSeen
from tasks.overlay import overlay
from tasks.ssh import run

ANSWER_SECONDS = 5


def patches_check(ledger: Ledger, settings: Settings) -> PatchesInPlace:
    """The check of this cluster's patches; `LookupError` without such a service."""
    service = settings.cluster.patched
    return PatchesInPlace(service, settings.cluster.speech_patches, overlay(), known_bases(ledger))


def known_bases(ledger: Ledger) -> Mapping[str, list[str]]:
    """SHA-256 by name of what somebody has let us replace before."""
    last = read_seen(ledger, PATCHES).get(PATCHES)
    bases = last.data.get("bases") if last else None
    return bases if isinstance(bases, dict) else {}


def look_at_patches(ledger: Ledger, settings: Settings) -> PatchesSeen:
    """
    See how the patches are, and write that down.

    Raises:
        LookupError: There is no such service, or no such host.
        Unreachable, Unreadable, OutputTooLong: It cannot be seen; what was seen before stays.
    """
    check, cluster = patches_check(ledger, settings), settings.cluster
    seen = check.read(run(cluster.host(check.service.host), check.probe()))
    seen = replace(seen, runs=patch_that_runs(cluster, check.service))
    write_patches(ledger, check.service, {**seen.data, "fault": ""})
    return seen


def write_patches(ledger: Ledger, service: Service, data: Mapping[str, Any]) -> None:
    """Write down what was seen, beside what is known."""
    place = {"service": service.name, "host": service.host, "container": service.container}
    write_seen(ledger, PATCHES, {"bases": known_bases(ledger), **place, **data})


def patch_that_runs(cluster: Cluster, service: Service) -> str:
    """The digest of the patch that the service's health tells; blank when it tells none."""
    try:
        with httpx.Client(base_url=cluster.base_url(service), timeout=ANSWER_SECONDS) as client:
            said = client.get(service.health_path).json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return ""
    return str(said.get("patch") or "") if isinstance(said, dict) else ""
