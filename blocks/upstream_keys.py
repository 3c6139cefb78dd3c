"""The keys of services that ask for one, by the service's name."""

import re
from collections.abc import Collection, Mapping
from typing import Any

_KEY = re.compile(r"[\x21-\x7e]{1,4096}")


class UpstreamKeys(dict[str, str]):
    """Service name to key; printed, it shows the names only."""

    def __repr__(self) -> str:
        return f"UpstreamKeys({sorted(self)})"

    __str__ = __repr__


def read_upstream_keys(raw: Mapping[str, Any], services: Collection[str]) -> tuple[UpstreamKeys, list[str]]:
    """
    The keys of a block document, and one sentence for each entry that is not used; pure.

    A sentence holds nothing of what was typed but names of services: a key may stand in a name's place.

    Args:
        raw: Its data, {"keys": {service: key}}.
        services: Names of the cluster's services.
    """
    entries = raw.get("keys") or {}
    if not isinstance(entries, Mapping):
        return UpstreamKeys(), ["keys: it has to be a mapping of service to key: not used"]
    keys, problems = UpstreamKeys(), []
    for number, (name, key) in enumerate(entries.items(), 1):
        text = key.strip() if isinstance(key, str) else key
        if name not in services:
            problems.append(f"keys: the name of entry {number} is no service of the cluster: not used")
        elif text in ("", None):
            continue
        elif isinstance(text, str) and _KEY.fullmatch(text):
            keys[name] = text
        else:
            problems.append(f"keys.{name}: a key is plain text without blanks in it: not used")
    return keys, problems
