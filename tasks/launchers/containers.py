"""Engines in a container: how they are looked at and stopped, whichever launcher made it (pure)."""

from blocks.cluster import Host
from tasks.check import Check, Command, command
from tasks.checks.arguments import ArgumentsParse
from tasks.checks.containers import ContainerGone, ImageThere
from tasks.engine import engine_command
from tasks.launch import CannotLaunch, LaunchPlan, mounts, serve_arguments, variables


class InContainer:
    """What launchers of containers have in common."""

    def look(self, name: str, since: str) -> Command:
        return engine_command(name, since)

    def logs(self, name: str, most: int) -> Command:
        return command("docker", "logs", "--timestamps", "--tail", str(most), name, timeout=60)

    def gone(self, name: str) -> Check[str]:
        return ContainerGone(name)

    def software(self, plan: LaunchPlan, host: Host) -> Check[str]:
        return ImageThere(plan.image)

    def parser(self, plan: LaunchPlan) -> ArgumentsParse | None:
        if plan.recipe.command:
            return None
        given = tuple(f"{name}={value}" for name, value in variables(plan).items())
        return ArgumentsParse(plan.image, serve_arguments(plan), given)


def mount_sources(plan: LaunchPlan) -> tuple[str, ...]:
    """Folders of the host that the container sees: docker would make those that are missing, as root."""
    return tuple(source for source, _ in mounts(plan))


def mountable(path: str) -> str:
    """A path of the host that docker's `-v` takes as one: no colon in it; `CannotLaunch` says what is."""
    if ":" in path:
        raise CannotLaunch(f"docker cannot mount {path}: it holds ':'; rename the folder")
    return path
