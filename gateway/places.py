"""Where and how the watch looks at each service (pure)."""

from blocks.settings import Settings


def places(settings: Settings) -> dict[str, tuple[object, ...]]:
    """Where and how each service is looked at: when that changes, what was seen no longer counts."""
    addresses = {host.name: host.address for host in settings.cluster.hosts}
    return {
        service.name: (service.kind, addresses.get(service.host), service.port, service.health_path)
        for service in settings.cluster.services
    }
