"""The environment that the processes of the house share, with defaults for what is not set."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def house_environment(state: Path, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """
    Every variable the processes need; what is set already stands, and a blank value means its default.

    Args:
        state: Folder for the two databases, logs and keys.
        given: The environment to start from.
    """
    port = given.get("PREFECT_SERVER_API_PORT") or "4200"
    defaults = {
        "PREFECT_HOME": str(state / "prefect"),
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": port,
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # A waiting run asks for its slot every 5 s; the slot of a run that never began comes back in 60 s.
        "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "5",
        "PREFECT_SERVER_CONCURRENCY_INITIAL_DEPLOYMENT_LEASE_DURATION": "60",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "tasks,blocks",
        # In memory, leases are lost when the server restarts, and Prefect then crashes the run that held one.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        "SPARK_LEDGER_URL": f"sqlite:///{state / 'ledger.db'}",
        "SPARK_LOG_DIR": str(state / "logs"),
        "SPARK_KNOWN_HOSTS": str(state / "known_hosts"),
        "SPARK_GATEWAY_HOST": "127.0.0.1",
        "SPARK_GATEWAY_PORT": "9999",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(CHECKOUT),
    }
    # Make's PREFECT_HOME is for the tools of the checkout; the house keeps its own with its state.
    told = {name: value for name, value in given.items() if value or name not in defaults}
    return {**defaults, **told, "PREFECT_HOME": defaults["PREFECT_HOME"]}


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
