"""The Hugging Face Hub as curl sees it: who may fetch a repository, and what files a commit has."""

# ruff: noqa: T201 - printing is what this program is for

from __future__ import annotations

import json
import re
import sys
import time

from simulator.disk import MODELS, Model, blob_of, files
from simulator.environment import fault
from simulator.options import UnknownFlag, parse

HUB = "https://huggingface.co/"
CURL = "silent/s show-error/S location/L max-time/m= config/K= write-out/w="
UNKNOWN_GIB = 14.0  # what a repository weighs that nobody described


def main(words: list[str]) -> int:
    """Answer one GET of the Hub's API."""
    try:
        options, rest = parse(words, CURL)
    except UnknownFlag as flag:
        print(f"curl: option {flag}: is unknown", file=sys.stderr)
        return 2
    if fault("hub-away") is not None:
        print("curl: (6) Could not resolve host: huggingface.co", file=sys.stderr)
        return 6
    given = sys.stdin.read() if options.get("config") == "-" else ""
    token = re.search(r"Authorization: Bearer (\S+)\"", given)
    code, word, body = answer(rest[0].removeprefix(HUB), token.group(1) if token else "")
    ending = options.get("write-out").replace("\\n", "\n").replace("%{http_code}", str(code))
    print(body + ending.replace("%header{x-error-code}", word), end="")
    return 0


def answer(path: str, token: str) -> tuple[int, str, str]:
    """Status, error code and body for a path of the API."""
    asked = re.fullmatch(r"api/models/(.+?)/(auth-check|revision/([^?]+)\?blobs=true)", path)
    if not asked:
        return 404, "EntryNotFound", "Not Found"
    repository, verb, revision = asked.groups()
    if is_absent(repository):
        return 404, "RepoNotFound", '{"error":"Repository not found"}'
    if verb == "auth-check":
        shut = is_gated(repository, token)
        return (401, "GatedRepo", f"Access to model {repository} is restricted.") if shut else (200, "", "OK")
    model = described(repository)
    if revision not in ("main", model.revision):
        return 404, "RevisionNotFound", '{"error":"Invalid rev id"}'
    return 200, "", json.dumps({"id": repository, "sha": model.revision, "siblings": siblings(model)})


def siblings(model: Model) -> list[dict[str, object]]:
    """The files of a repository as the API lists them."""
    listed: list[dict[str, object]] = []
    for path, content in files(model).items():
        size = content if isinstance(content, int) else len(content.encode())
        large = {"lfs": {"sha256": blob_of(model, path), "size": size}} if isinstance(content, int) else {}
        listed.append({"rfilename": path, "size": size, "blobId": blob_of(model, path), **large})
    return listed


def described(repository: str) -> Model:
    """A repository's content; one that nobody described weighs what most do."""
    known = {model.repository: model for model in MODELS}
    return known.get(repository, Model(repository, UNKNOWN_GIB, 4))


def is_absent(repository: str) -> bool:
    """There is no such repository."""
    return "/" not in repository or "does-not-exist" in repository


def is_gated(repository: str, token: str) -> bool:
    """Fault `gated`: part of the names that are, and on the next line the token that opens them."""
    part, _, opener = (fault("gated") or "\0").partition("\n")
    return part in repository and (not opener or token != opener)


def line_is_cut(done: float) -> bool:
    """Fault `hub-cut`: the percentage at which the line breaks, once."""
    percent = fault("hub-cut")
    return percent is not None and done * 100 >= float(percent or 0)


def pause(seconds: float) -> None:
    """Wait for bytes to come; fault `hub-slow`: how many times longer."""
    time.sleep(seconds * float(fault("hub-slow") or 1))
