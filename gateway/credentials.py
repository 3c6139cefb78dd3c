"""The key that a service asks for, as headers."""

from collections.abc import Mapping

from blocks.cluster import Service
from gateway.heads import Header


def credentials(service: Service, keys: Mapping[str, str]) -> list[Header]:
    """
    What is sent with each request to a service; nothing when it asks for no key.

    Args:
        service: The one that is asked.
        keys: By the service's name.
    """
    key = keys.get(service.name)
    if not key:
        return []
    if service.kind == "qdrant":
        return [(b"api-key", key.encode())]
    return [(b"authorization", b"Bearer " + key.encode())]
