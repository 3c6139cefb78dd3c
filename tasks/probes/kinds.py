"""Which probe suits which kind of service, and how long it may take (pure)."""

from blocks.cluster import Service, ServiceKind
from tasks.probes.hearing import hearing
from tasks.probes.language import language
from tasks.probes.probe import Ask, Probe, require_good
from tasks.probes.search import search
from tasks.probes.speaking import speaking
from tasks.probes.vectors import vectors

SECONDS: dict[ServiceKind, float] = {
    "vllm": 20.0,
    "stt": 20.0,
    "tts": 20.0,
    "embeddings": 15.0,
    "qdrant": 10.0,
    "http": 5.0,
}
"""How long the whole of a probe may take."""


def probe_of(service: Service) -> Probe:
    """The probe of a service, not begun."""
    if service.kind == "vllm":
        return language()
    if service.kind == "stt":
        return hearing()
    if service.kind == "tts":
        return speaking(service)
    if service.kind == "embeddings":
        return vectors()
    return search() if service.kind == "qdrant" else healthy(service.health_path)


def healthy(path: str) -> Probe:
    """The health route of a service of which nothing else is known."""
    require_good((yield Ask(path)), path)
    return f"it answers {path}"
