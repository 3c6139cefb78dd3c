"""How this gateway redacts, as the environment says it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_DAY = 86400.0


@dataclass(frozen=True)
class RedactionOptions:
    """
    How redaction runs; times in seconds.

    Attributes:
        map_db: The map database; its folder is made for the owner alone.
        key_file: The master key, best on another disk than the map.
        ttl_seconds: How long a task is kept after its last use.
        known: A contact list (CSV, vCard or JSON); blank: none.
        policies: A JSON file of policies by caller; blank: the default for everybody.
        processes: How many searches run at once.
        limit_seconds: The longest a search may take.
        outside_url: The outside model's API, such as https://api.example.com/v1; blank: none.
        outside_key_file: A file with its key, readable for the owner alone.
        outside_model: Asked for in place of what the caller names; blank: as the caller says.
        models: Models of names on disk, each `spacy=PATH` or `gliner=PATH`.
        lan_model: Asked for on the LAN where a policy keeps a request inside; blank: one that is loaded.
        lan_finder_seconds: How long the model on the LAN may search, where a policy has it do so.
    """

    map_db: Path = Path(".state/redaction/map.db")
    key_file: Path = Path(".state/keys/redaction.key")
    ttl_seconds: float = 7 * _DAY
    known: str = ""
    policies: str = ""
    processes: int = 2
    limit_seconds: float = 60.0
    outside_url: str = ""
    outside_key_file: str = ""
    outside_model: str = ""
    models: tuple[str, ...] = ()
    lan_model: str = ""
    lan_finder_seconds: float = 10.0


def read_redaction_options(env: Mapping[str, str] = os.environ) -> RedactionOptions:
    """The options of the environment; `ValueError` names a variable that cannot be used, and why."""
    default = RedactionOptions()
    url = env.get("REDACTION_OUTSIDE_URL", "").strip().rstrip("/")
    if url and not url.startswith(("https://", "http://")):
        raise ValueError(f"REDACTION_OUTSIDE_URL is {url!r}: it has to begin with https:// (or http://)")
    return RedactionOptions(
        map_db=Path(env.get("REDACTION_MAP_DB") or default.map_db),
        key_file=Path(env.get("REDACTION_KEY_FILE") or default.key_file),
        ttl_seconds=_number(env, "REDACTION_TTL_DAYS", default.ttl_seconds / _DAY) * _DAY,
        known=env.get("REDACTION_KNOWN", "").strip(),
        policies=env.get("REDACTION_POLICIES", "").strip(),
        processes=max(1, int(_number(env, "REDACTION_PROCESSES", default.processes))),
        limit_seconds=_number(env, "REDACTION_LIMIT_SECONDS", default.limit_seconds),
        outside_url=url,
        outside_key_file=env.get("REDACTION_OUTSIDE_KEY_FILE", "").strip(),
        outside_model=env.get("REDACTION_OUTSIDE_MODEL", "").strip(),
        models=tuple(
            f"{kind}={path}"
            for kind in ("spacy", "gliner")
            if (path := env.get(f"REDACTION_{kind.upper()}_MODEL", "").strip())
        ),
        lan_model=env.get("REDACTION_LAN_MODEL", "").strip(),
        lan_finder_seconds=_number(env, "REDACTION_LAN_FINDER_SECONDS", default.lan_finder_seconds),
    )


def _number(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name, "").strip()
    try:
        number = float(text) if text else default
    except ValueError:
        number = -1.0
    if not 0 < number < 1e9:
        raise ValueError(f"{name} is {text!r}: it has to be a number above 0")
    return number
