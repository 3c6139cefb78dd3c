"""The endpoints document: every URL other services need, and whether it answers (pure)."""

from collections.abc import Mapping
from typing import Any

from blocks.cluster import Cluster, Service


def endpoints_document(
    base: str, cluster: Cluster, ready: Mapping[str, bool | None], served: str | None
) -> dict[str, Any]:
    """
    The document of `GET /api/endpoints`, which every webhook carries too; no field ever goes.

    Args:
        base: Where the gateway is reached, 'http://192.0.2.10:9999', without a slash at its end.
        cluster: Its services; the hidden ones are not listed, but count as what answers behind a route.
        ready: By service, whether it answers; None: not known.
        served: The id under which the loaded model answers; None: none does.
    """
    return {
        "version": 1,
        "chat": {"url": f"{base}/v1", "model": served, "ready": served is not None},
        "messages": {"url": f"{base}/v1/messages", "ready": served is not None},
        "audio": {
            "url": f"{base}/v1/audio",
            "ready": _any_ready(cluster, "stt", ready),
            "speech_ready": _any_ready(cluster, "tts", ready),
            "with_speakers": f"{base}/api/audio/transcribe-with-speakers",
        },
        "embeddings": {"url": f"{base}/v1/embeddings", "ready": _any_ready(cluster, "embeddings", ready)},
        "rerank": {"url": f"{base}/v1/rerank", "ready": _any_ready(cluster, "embeddings", ready)},
        "search": {
            "url": f"{base}/api/search",
            "ready": all(_any_ready(cluster, kind, ready) for kind in ("qdrant", "embeddings")),
        },
        "scrub": {"url": f"{base}/scrub", "ready": True},
        "realtime": {
            "url": f"{base.replace('http', 'ws', 1)}/v1/realtime",
            "ready": any(ready.get(service.name) for service in cluster.services if service.realtime),
        },
        "models": f"{base}/v1/models",
        "metrics": f"{base}/metrics",
        "services": {
            service.name: _service(base, service, ready) for service in cluster.services if not service.hidden
        },
    }


def _service(base: str, service: Service, ready: Mapping[str, bool | None]) -> dict[str, Any]:
    return {
        "kind": service.kind,
        "url": f"{base}/upstream/{service.name}",
        "ready": ready.get(service.name),
    }


def _any_ready(cluster: Cluster, kind: str, ready: Mapping[str, bool | None]) -> bool:
    return any(ready.get(service.name) for service in cluster.services if service.kind == kind)
