"""/api/download: bring weights to the hosts."""

import re
from typing import Any, Literal

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from gateway.api.runs import FollowApi, Started, started
from gateway.hosts import named_hosts
from gateway.problem import Problem
from gateway.swaps import Swaps
from gateway.watch import Watch

DOWNLOAD = "download-model/cluster"

_PART = "[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_REPO = re.compile(f"{_PART}/{_PART}")
_REVISION = re.compile(r"([A-Za-z0-9][A-Za-z0-9._/-]{0,99})?")


class Download(msgspec.Struct, forbid_unknown_fields=True):
    """
    What to download.

    Attributes:
        repo: Repository on the Hugging Face Hub, like org/name.
        hosts: Names of the hosts that shall have it; none, or `all`: every host.
        revision: Branch, tag or commit; blank: main.
        way: `copy`: from the Internet once, then over the fast link; `each`: every host by itself.
        dry_run: Only say what would be done.
        approval: `ask`: the run waits for a go with its plan.
    """

    repo: str
    hosts: list[str] = []
    revision: str = ""
    way: Literal["copy", "each"] = "copy"
    dry_run: bool = False
    approval: Literal["none", "ask"] = "none"


class DownloadApi(FollowApi):
    """Downloads."""

    path = "/api/download"
    tags = ("models",)

    @post("/", status_code=202)
    async def download(
        self, data: JSONBody[Download], swaps: NamedDependency[Swaps], watch: NamedDependency[Watch]
    ) -> Started:
        """Ask for a download; it goes on where an earlier one ended."""
        repo = data.repo.strip()
        if not _fits(_REPO, repo):
            raise Problem(
                422, f"repo: {repo[:200]!r} is no repository like org/name", "unfit_value", param="repo"
            )
        if not _fits(_REVISION, data.revision):
            message = f"revision: {data.revision[:100]!r} is no branch, tag or commit"
            raise Problem(422, message, "unfit_value", param="revision")
        parameters: dict[str, Any] = {
            "repo": repo,
            "hosts": named_hosts(watch.settings.cluster, data.hosts),
            "way": data.way,
            "revision": data.revision,
            "dry_run": data.dry_run,
            "approval": data.approval,
        }
        run = await swaps.start_other(DOWNLOAD, parameters)
        return started(run, "/api/download")


def _fits(pattern: re.Pattern[str], value: str) -> bool:
    """The Hub has no names with '..' or '--', and neither does the flow take them."""
    return pattern.fullmatch(value) is not None and ".." not in value and "--" not in value
