"""Patching the speech container: plan, put the files in place, restart; undone when it does not come up."""

from contextlib import suppress
from dataclasses import dataclass, field

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks.ledger.store import Ledger
from blocks.patches import PatchedFile, file_sentences
from blocks.settings import Settings
from tasks.check import Command
from tasks.checks.patches import MemoryCapped, PatchesInPlace, PatchesSeen
from tasks.ensure import ensure_without_prefect
from tasks.outcome import TOLD, Failed
from tasks.patches_look import known_bases, look_at_patches, patches_check, write_patches
from tasks.report import Report
from tasks.service_container import act, wait_until_well
from tasks.ssh import run
from tasks.steward import Steward

CUDA_PYTHON = (
    "cuda-python {version} is installed in the container: with it, real decoding crashes on this GPU unless "
    "the patches are in place, which decode without it. Remove it: docker exec {container} pip uninstall "
    "cuda-python"
)


@dataclass
class Patching:
    """
    One application of the patches.

    Attributes:
        any_base: Also files are replaced that nobody knows; their originals are kept as those of others.
        patience_seconds: How long the service may take to answer; None: as usual for its kind.
        seen: The patches at the last look.
    """

    settings: Settings
    ledger: Ledger
    report: Report
    any_base: bool = False
    patience_seconds: float | None = None
    seen: PatchesSeen = field(default_factory=PatchesSeen)

    @property
    def check(self) -> PatchesInPlace:
        """The files in the container are ours; `LookupError` without such a service."""
        return patches_check(self.ledger, self.settings)

    @property
    def steward(self) -> Steward:
        """The one who restarts the service."""
        return Steward(
            self.settings, self.ledger, self.report, self.check.service, "its patches",
            patience_seconds=self.patience_seconds,
        )  # fmt: skip

    def look(self) -> None:
        """See what is there; `Failed` says why it cannot be patched."""
        service = self.check.service
        where = f"container {service.container} on {service.host}"
        self.report.phase("looking", f"looking at the files in {where}", 0.05)
        self.seen = look_at_patches(self.ledger, self.settings)
        if not self.seen.state:
            raise Failed(f"there is no {where}: create it once, or set the name that it has")
        unknown = [file for file in self.seen.files if file.state == "unknown_base"]
        if unknown and not self.any_base:
            raise Failed(unknown_words(unknown))

    @property
    def due(self) -> bool:
        """There is something to do."""
        return bool(self.seen.changed() or not self.seen.runs_ours or self._uncapped)

    @property
    def _uncapped(self) -> bool:
        cap = self.settings.cluster.speech_patches.memory_gib
        return not MemoryCapped(self.check.service.container, cap).verdict(self.seen.memory).ok

    def sentences(self) -> list[str]:
        """What will be done."""
        service, changed = self.check.service, self.seen.changed()
        said = file_sentences(changed)
        if changed:
            said.append("Before that, the container's own Python is asked whether it takes the files.")
        if changed or not self.seen.runs_ours:
            restart = f"Restart container {service.container} on {service.host}"
            said.append(f"{restart}: until {service.name} answers again, it is away for some minutes.")
        if changed:
            said.append("If it does not come up with them, the files of before are put back.")
        if self._uncapped:
            said.append(f"Cap its memory at {self.settings.cluster.speech_patches.memory_gib} GiB.")
        if self.seen.cuda_python:
            words = CUDA_PYTHON.format(version=self.seen.cuda_python, container=service.container)
            said.append(f"For you to do: {words}.")
        return said or ["The patches are in place: there is nothing to do."]

    def apply(self) -> str:
        """Do all that; what came of it."""
        if self.seen.changed():
            self._accept()
            self.report.phase("copying", "putting the files in place", 0.2)
            self._put()
        if self.seen.changed() or not self.seen.runs_ours:
            self._restart()
        self._cap()
        with suppress(*TOLD):
            run(self.steward.host, self.check.forget())
        look_at_patches(self.ledger, self.settings)
        service = self.check.service
        return f"{service.name} on {service.host} runs with the patches ({len(self.seen.files)} files)."

    def _put(self) -> None:
        """Put ours in place, all or none; nothing is restarted yet."""
        try:
            self._do(self.check.put(self.seen), "the files could not be put in place")
        except Failed as error:
            with suppress(*TOLD):
                run(self.steward.host, self.check.undo())
            raise Failed(
                f"{str(error).rstrip('.')}. The files are as they were, nothing was restarted"
            ) from error
        except TOLD as error:
            left = "Whether the files are in place is not certain; nothing was restarted. Apply them again"
            raise Failed(f"{str(error).rstrip('.')}. {left}") from error

    def _accept(self) -> None:
        """Remember what somebody has let us replace: a container made anew from that image has it again."""
        bases = {name: list(sums) for name, sums in known_bases(self.ledger).items()}
        for file in self.seen.changed():
            if file.found and file.found not in bases.setdefault(file.name, []):
                bases[file.name].append(file.found)
        write_patches(self.ledger, self.check.service, {**self.seen.data, "bases": bases})

    def _restart(self) -> None:
        """Restart and wait; what does not come up with our files gets those of before."""
        steward = self.steward
        steward.note("restarted")
        self.report.phase("restarting", f"restarting container {steward.service.container}", 0.3)
        try:
            act(steward, "restart")
            wait_until_well(steward)
            self._require_ours()
        except TOLD as error:
            told = f" {self._undone()}" if self.seen.changed() else ""
            raise Failed(f"{str(error).rstrip('.')}.{told}") from error
        except BaseException:  # a cancel: there is no time to wait for an answer
            with suppress(*TOLD):
                self._put_back()
            raise

    def _require_ours(self) -> None:
        """`Failed` when the service answers, and not with our files."""
        if not look_at_patches(self.ledger, self.settings).runs_ours:
            raise Failed(
                "it answers, but does not say that it runs these files: its program is not in "
                f"{self.check.patches.directory}, or starts otherwise than with main.py"
            )

    def _put_back(self) -> None:
        """Put the files of before back, and restart with them; nothing where none was put."""
        if self.seen.changed():
            self._do(self.check.undo(), "the files of before could not be put back")
            act(self.steward, "restart")

    def _undone(self) -> str:
        """Put all back as it was, and wait; in words, how things are then."""
        steward = self.steward
        self.report.phase("undoing", "putting the files of before back", 0.9)
        try:
            self._put_back()
            wait_until_well(steward)
            look_at_patches(self.ledger, self.settings)
        except TOLD as error:
            return f"Nor does {steward.service.name} answer with the files of before put back: {error}"
        return f"The files of before are back, and {steward.service.name} answers with them."

    def _cap(self) -> None:
        cap = self.settings.cluster.speech_patches.memory_gib
        ensure_without_prefect(self.steward.host, MemoryCapped(self.check.service.container, cap))

    def _do(self, asked: Command, failed: str) -> None:
        answer = run(self.steward.host, asked)
        if not answer.ok:
            raise Failed(f"{failed}: {answer.said}")


@task(name="apply patches", task_run_name="put the patches in place", cache_policy=NO_CACHE)
def apply(patching: Patching) -> str:
    """Put them in place; never retried, since it may have been done."""
    return patching.apply()


def unknown_words(files: list[PatchedFile]) -> str:
    """Why files that nobody knows are not replaced, and what to do (pure)."""
    named = "; ".join(f"{file.name} (SHA-256 {file.found[:12]}…)" for file in files)
    return (
        f"the container has files that these patches were not made for: {named}. A new image has brought "
        "them, or somebody has changed them by hand. Look at them; if they may be replaced (they are kept "
        "beside ours), ask again with 'Also replace unknown files'"
    )
