"""Which launcher a recipe is started with, and which may have started what runs (pure)."""

from blocks.recipe import Recipe
from tasks.launchers.docker_run import DockerRun
from tasks.launchers.launcher import Launcher
from tasks.launchers.script import LaunchScript
from tasks.launchers.venv import VirtualEnvironment

LAUNCHERS: dict[str, Launcher] = {
    "launch-cluster": LaunchScript(),
    "docker": DockerRun(),
    "venv": VirtualEnvironment(),
}

FORMS: tuple[Launcher, ...] = (LAUNCHERS["docker"], LAUNCHERS["venv"])
"""One launcher for each form an engine can have, container or process, whoever started it."""


def launcher_of(recipe: Recipe) -> Launcher:
    """The launcher that a recipe asks for."""
    return LAUNCHERS[recipe.launcher]
