"""What the settings are at the first start: from cluster.yaml and bot.yaml or from the environment (pure)."""

from collections.abc import Mapping
from typing import Any

import yaml

FIELDS = {
    "SPARK_LAUNCHER_DIRECTORY": "launcher_directory",
    "SPARK_HF_CACHE": "hf_cache",
    "SPARK_MODELS_DIRECTORY": "models_directory",
    "SPARK_IMAGE": "image",
}


class BadSettingsFile(Exception):
    """A file of first settings cannot be read; the message says which and where."""


def first_cluster(environment: Mapping[str, str], cluster_file: str | None) -> dict[str, Any]:
    """
    The data of the first Cluster block.

    Args:
        environment: SPARK_HOSTS='spark-1=user@10.0.0.1:22,spark-2=user@10.0.0.2', SPARK_SSH_KEY and `FIELDS`.
        cluster_file: Text of cluster.yaml; where there is one, it alone counts.
    """
    if cluster_file is not None:
        return settings_in(cluster_file, "cluster.yaml", "hosts:, services:, …")
    found: dict[str, Any] = {name: environment[key] for key, name in FIELDS.items() if environment.get(key)}
    hosts = [
        _host(entry, environment) for entry in environment.get("SPARK_HOSTS", "").split(",") if entry.strip()
    ]
    return {**found, "hosts": hosts} if hosts else found


def first_bot(bot_file: str | None) -> dict[str, Any]:
    """The data of the first Bot block, from the text of bot.yaml; without a file there is no bot."""
    return {} if bot_file is None else settings_in(bot_file, "bot.yaml", "host:, user:, …")


def settings_in(text: str, name: str, such_as: str) -> dict[str, Any]:
    """What a YAML file of that name holds; they are validated when the block is read."""
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date like 2026-99-99
        raise BadSettingsFile(f"{name} is not YAML: {error}") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise BadSettingsFile(f"{name} must hold settings by name ({such_as})")
    return data


def _host(entry: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """'name=user@address:port' as the data of a host; the parts are validated when the block is read."""
    name, _, rest = entry.strip().partition("=")
    user, at, place = rest.rpartition("@")
    address, colon, port = place.partition(":") if place.count(":") == 1 else (place, "", "")
    host: dict[str, Any] = {"name": name.strip(), "address": address.strip()}
    if at:
        host["user"] = user
    if colon:
        host["ssh_port"] = int(port) if port.isdecimal() else port
    if environment.get("SPARK_SSH_KEY"):
        host["key_path"] = environment["SPARK_SSH_KEY"]
    return host
