"""Asking the Hugging Face Hub, from a host, what a repository holds and whether it may be fetched (pure)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tasks.check import Answer, Command, Unreadable, command

HUB = "https://huggingface.co"
TOOL = "huggingface_hub>=1.5,<1.17"
"""What `uvx` runs: from 1.17 on an unfinished file is thrown away, up to 1.16 it is resumed."""

TOOL_ENVIRONMENT = {
    "HF_HUB_DISABLE_XET": "1",  # plain HTTP resumes a file in the middle; Xet begins it anew
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}
TOKEN_SETTING = "the Secret block 'hf-token'"  # noqa: S105 - its name, not a secret


class Refused(Exception):
    """The Hub does not give the repository out; the message is for people."""


@dataclass(frozen=True)
class HubRepo:
    """
    A repository at one commit.

    Attributes:
        files: Path to size in bytes.
        blobs: Name of the blob in the cache to size in bytes.
    """

    commit: str
    files: Mapping[str, int] = field(default_factory=dict)
    blobs: Mapping[str, int] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """Size of all its files."""
        return sum(self.files.values())


def ask_command(path: str, token: str) -> Command:
    """GET of the Hub's API by the host's curl; the token goes by stdin, where no process list shows it."""
    header = f'header = "Authorization: Bearer {token}"\n' if token else ""
    words = ("--silent", "--show-error", "--location", "--max-time", "25", "--config", "-")
    mark = "\n%{http_code} %header{x-error-code}"
    return command("curl", *words, "--write-out", mark, f"{HUB}/api/models/{path}", stdin=header, timeout=30)


def access_path(repo: str) -> str:
    """Answers 200 when the token may fetch the files; a gated repository shows its list to everyone."""
    return f"{repo}/auth-check"


def list_path(repo: str, revision: str) -> str:
    """The commit that a revision means now, and its files."""
    return f"{repo}/revision/{quote(revision or 'main', safe='')}?blobs=true"


def require_access(answer: Answer, repo: str, revision: str, *, token: bool) -> str:
    """
    The body of an answer of the Hub.

    Raises:
        Refused: It says no: gated, not there, or the token is wrong.
        Unreadable: It cannot be asked from that host now.
    """
    body, _, ending = answer.stdout.rpartition("\n")
    code, _, word = ending.partition(" ")
    if not answer.ok or not code.isdigit():
        raise Unreadable(f"the Hugging Face Hub cannot be asked: {answer.said}")
    if code == "200":
        return body
    if code in ("401", "403", "404"):
        raise Refused(refusal(f"{word.strip()} {code} {body[:2000]}", repo, revision, token=token))
    raise Unreadable(f"the Hugging Face Hub answers {code}: {body[:200]}")


def refusal(said: str, repo: str, revision: str, *, token: bool) -> str:
    """What the Hub's words for a no mean."""
    if re.search(r"gated ?repo|access to model", said, re.IGNORECASE):
        first = f"{repo} is gated: its owner wants its terms accepted at {HUB}/{repo} first"
        then = "by the account of the token in" if token else "and then a token of that account in"
        return f"{first}, {then} {TOKEN_SETTING}"
    if re.search(r"revision ?not ?found", said, re.IGNORECASE):
        return f"{repo} has no revision {revision or 'main'!r}"
    if (
        re.search(r"invalid (user|credentials|token)|token .*(invalid|expired)", said, re.IGNORECASE)
        and token
    ):
        return f"the Hub does not accept the token in {TOKEN_SETTING}: it may have run out"
    own = "the token may not see it" if token else f"it is private and needs a token in {TOKEN_SETTING}"
    return f"there is no repository {repo} on the Hugging Face Hub, or {own}"


def read_repo(body: str) -> HubRepo:
    """The commit and files of the Hub's answer."""
    try:
        told = json.loads(body)
        files = {entry["rfilename"]: int(entry["size"]) for entry in told["siblings"]}
        blobs = {_blob(entry): int(entry["size"]) for entry in told["siblings"]}
        commit = str(told["sha"])
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"the Hub's list of files cannot be read ({error!r})") from error
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise Unreadable(f"the Hub names no commit but {commit[:60]!r}")
    return HubRepo(commit, files, blobs)


def _blob(entry: Mapping[str, Any]) -> str:
    """A large file's blob is named after its SHA-256, a small one's after git's own hash."""
    large = entry.get("lfs")
    return str(large["sha256"] if large else entry["blobId"])


_FAILURES: tuple[tuple[str, str], ...] = (
    (r"No space left on device|not enough free disk space|\(28\)", "the disk of {host} is full"),
    (
        r"Permission denied: '|PermissionError|failed: Permission denied \(13\)",
        "the cache of {host} holds files of another user (root's, from a container): chown them once",
    ),
    (
        r"Permission denied \(publickey|Host key verification failed",
        "{source} may not log in to {host} by SSH: allow it, or download with way 'each'",
    ),
    (
        r"No route to host|Connection refused|banner exchange",
        "{source} cannot reach {host} over the link between them",
    ),
    (
        r"command not found|No such file or directory: '?(uvx|rsync)|unrecognized option",
        "a program is missing",
    ),
)
_LINE_DOWN = (
    r"ConnectionError|ConnectError|ReadTimeout|Read timed out|Max retries|Name or service not known|"
    r"Temporary failure in name resolution|ConnectTimeout|IncompleteRead|Connection reset|"
    r"RemoteProtocolError|LocalEntryNotFound|connection unexpectedly closed|"
    r"50[0234] Server Error|Consistency check failed"
)


def worth_another_try(log: str) -> bool:
    """True for words of a line that was down: what has arrived is kept, and the rest may come."""
    return re.search(_LINE_DOWN, log) is not None


def failure(log: str, source: str, host: str) -> str:
    """What the end of a failed download's log means, in plain words; else its last line."""
    for pattern, words in _FAILURES:
        if re.search(pattern, log):
            return words.format(source=source, host=host)
    if worth_another_try(log):
        return "the line broke again and again"
    lines = [line.strip() for line in log.replace("\r", "\n").splitlines() if line.strip()]
    return lines[-1][-300:] if lines else "it ended without a word"


def refused(log: str) -> bool:
    """True when the log tells of the Hub's no."""
    words = r"GatedRepoError|RepositoryNotFoundError|RevisionNotFoundError|401 Client Error|403 Client Error"
    return re.search(words, log) is not None
