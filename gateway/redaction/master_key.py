"""The master key of the map: a file of its own, and what is wrapped with it."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_BYTES = 32


class WrongKey(RuntimeError):
    """A key file that cannot be used, or that is not the one of this map."""


def read_key(path: Path, *, create: bool) -> bytes:
    """
    The key of a file; made at first use.

    Args:
        path: Readable for its owner alone (0600), or `WrongKey`.
        create: Make one when there is none; otherwise `WrongKey`.
    """
    if not path.exists() and create:
        return _made(path)
    try:
        if path.stat().st_mode & 0o077:
            raise WrongKey(f"the redaction key {path} can be read by others: chmod 600 it")
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError):
        raise WrongKey(
            f"the redaction key {path} is missing or no key: without it the map cannot be read"
        ) from None
    if len(key) != _BYTES:
        raise WrongKey(f"the redaction key {path} has {len(key)} bytes and not {_BYTES}")
    return key


def _made(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = secrets.token_bytes(_BYTES)
    write_key(path, key)
    return key


def write_key(path: Path, key: bytes) -> None:
    """Write a key file whole or not at all, for its owner alone."""
    beside = path.with_suffix(".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def sealed(key: bytes, value: bytes, about: bytes) -> bytes:
    """AES-256-GCM: the nonce, then the cipher text, bound to what it is about."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, value, about)


def opened(key: bytes, box: bytes, about: bytes) -> bytes:
    """What was sealed; `WrongKey` when key, text or subject is another."""
    try:
        return AESGCM(key).decrypt(box[:_NONCE], box[_NONCE:], about)
    except (InvalidTag, ValueError):
        raise WrongKey("the redaction key is not the one that this map was written with") from None


def digest(key: bytes, *parts: bytes) -> bytes:
    """HMAC-SHA-256 of parts, each with its length before it."""
    told = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        told.update(len(part).to_bytes(8, "big") + part)
    return told.digest()
