"""What a host is asked to run to bring weights from the Hub, or to copy them to another host (pure)."""

from blocks.cluster import Host
from tasks.hub import TOOL, TOOL_ENVIRONMENT
from tasks.job import Job
from tasks.measure import Measured, folder_of

SSH = "ssh -o BatchMode=yes -o ConnectTimeout=10"
KEPT = ".rsync-partial"
"""Where rsync keeps an unfinished blob: under its own name it would look whole."""


def hub_job(repo: str, revision: str, measured: Measured, token: str, run: str) -> Job:
    """
    `hf download` on the host that shall have it.

    With a commit for `revision` no ref is written: the new snapshot does not count until it is whole.
    """
    words = [measured.uvx, "--from", TOOL, "hf", "download", repo]
    secret = {"HF_TOKEN": token} if token else {}
    environment = {**TOOL_ENVIRONMENT, "HF_HOME": measured.cache, **secret}
    steps = [[*words, "--revision", revision] if revision else words]
    return Job(f"download-{folder_of(repo)}", steps, run, environment)


def copy_job(repo: str, cache: str, to: Host, cache_there: str, run: str) -> Job:
    """
    The rsync that the host that has it runs, over the fast link.

    Blobs first, then the links to them, then the refs: nothing in between is taken for whole.  Blobs shared
    with other repositories are links out of the folder, and arrive as files.
    """
    folder = folder_of(repo)
    address = f"[{to.peer_address}]" if ":" in to.peer_address else to.peer_address
    ways = [f"{cache}/hub/{folder}/", f"{to.user}@{address}:{cache_there}/hub/{folder}/"]
    words = ["rsync", "-a", "-s", "--mkpath", "--copy-unsafe-links", f"--partial-dir={KEPT}", "-e", SSH]
    words += ["--timeout=120", "--exclude=*.incomplete", f"--exclude={KEPT}"]
    later: tuple[list[str], ...] = (["--exclude=/snapshots", "--exclude=/refs"], ["--exclude=/refs"], [])
    return Job(f"copy-{to.name}-{folder}", [[*words, *left, *ways] for left in later], run)
