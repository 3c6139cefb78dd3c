"""How much of a repository has arrived on a host, and what room is left there (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.check import Answer, Command, command, read_json
from tasks.remote import script_with


@dataclass(frozen=True)
class Measured:
    """
    One measurement of a host.

    Attributes:
        arrived: Bytes that need not be fetched again.
        free: Bytes left where the cache is.
        uvx: Absolute path of uvx; blank without one.
        cache: The Hugging Face cache, absolute.
        login: True when somebody logged in to the Hub on that host (`hf auth login`).
    """

    arrived: int
    free: int
    uvx: str
    cache: str
    login: bool = False


def folder_of(repo: str) -> str:
    """The folder of a repository in a cache: 'org/name' is 'models--org--name'."""
    return f"models--{repo.replace('/', '--')}"


def measure_command(hf_cache: str | None, repo: str, blobs: Mapping[str, int]) -> Command:
    """Measures a repository; `blobs` are those it should have, empty when that is not known."""
    given = {"cache": hf_cache or "", "folder": folder_of(repo), "blobs": dict(blobs)}
    return command("python3", "-", stdin=script_with("measure_download.py", **given), timeout=60)


def read_measured(answer: Answer) -> Measured:
    """The measurement in an answer; `Unreadable` when it is none."""
    return read_json(
        answer,
        lambda said: Measured(**said),
        unread="what has arrived cannot be read",
        unasked="what has arrived cannot be measured",
    )
