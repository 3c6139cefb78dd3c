"""The words a setting may be made of: a type for each kind of value that reaches a shell, path or URL."""

import contextlib
import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

_HOSTNAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\.?")
_PATH = re.compile(r"(~|/)[^\x00-\x1f\x7f\ud800-\udfff]*")
_REPO = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def _address(value: str) -> str:
    """An IP address or a DNS name; never an option, a list or a shell word."""
    # A zone ('fe80::1%eth0') may hold any character, and means something on this machine only.
    if "%" not in value:
        with contextlib.suppress(ValueError):
            return str(ipaddress.ip_address(value))
    if len(value) > 253 or not _HOSTNAME.fullmatch(value):
        raise ValueError(f"{value!r} is neither an IP address nor a host name")
    return value


def _path(value: str) -> str:
    """An absolute path, or one below the user's home (~/…); without a slash at its end."""
    if not _PATH.fullmatch(value) or (value.startswith("~") and value[1:2] not in ("", "/")):
        raise ValueError(f"{value!r} is not an absolute path or a path that begins with ~/")
    if len(value) > 1024:
        raise ValueError("it is longer than 1024 characters")
    if ".." in value.split("/"):
        raise ValueError(f"{value!r} climbs with '..'")
    return value.rstrip("/") or "/"


def _model_source(value: str) -> str:
    """A Hugging Face repo (org/name) or the path of a folder on the host."""
    if value.startswith(("/", "~")):
        return _path(value)
    if not _REPO.fullmatch(value) or ".." in value:
        raise ValueError(f"{value!r} is neither a repo like org/name nor a path like ~/models/name")
    return value


def _plain(value: str) -> str:
    """Any text without control characters (no newline, no NUL) or halves of characters."""
    if _UNFIT.search(value):
        raise ValueError(f"{value!r} holds a control character")
    return value


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
"""The short name of a host, service or recipe: lower case, digits, dot, dash, underscore."""

Address = Annotated[str, AfterValidator(_address)]
Port = Annotated[int, Field(ge=1, le=65535)]
User = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_.-]{0,31}$")]
Path = Annotated[str, AfterValidator(_path)]
Container = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]
Image = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:-]{0,254}(@sha256:[0-9a-f]{64})?$")
]
ModelSource = Annotated[str, AfterValidator(_model_source)]
Plain = Annotated[str, AfterValidator(_plain), StringConstraints(max_length=4096)]
UrlPath = Annotated[
    str, StringConstraints(pattern=r"^(/|(/\.?[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?)$", max_length=200)
]
"""The path of a URL, without a query; it cannot climb ('..') nor name a server ('//')."""

Mac = Annotated[
    str, StringConstraints(pattern=r"^(|([0-9a-f]{2}:){5}[0-9a-f]{2})$", to_lower=True, strip_whitespace=True)
]
"""The address of a network interface, 'aa:bb:cc:dd:ee:ff'; blank: not known."""

EnvName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
HostKey = Annotated[
    str,
    StringConstraints(
        pattern=r"^(|(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa) [A-Za-z0-9+/]+={0,3})$",
        strip_whitespace=True,
    ),
]
"""A public host key as in known_hosts without the address: 'ssh-ed25519 AAAA…'; blank: not known yet."""
