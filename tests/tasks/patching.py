"""The speech container of a simulated Spark, and what tests of its patches ask of it."""

import json
from pathlib import Path

from blocks.settings import Settings
from tasks import ssh
from tasks.check import command
from tasks.patches import Patching
from tests.simulator.simulation import Simulation
from tests.tasks.quiet import quiet_report

CONTAINER = "parakeet-asr"


def made(settings: Settings, folder: Path, **more: object) -> Patching:
    report = quiet_report(folder, "speech container", "patches")
    return Patching(settings, report.ledger, report, **more)


def app(simulation: Simulation) -> Path:
    """The folder of the program in the container."""
    return simulation.folder / "spark-1/docker/containers" / CONTAINER / "rootfs/app"


def as_the_image_has_it(simulation: Simulation) -> None:
    records = json.loads((simulation.folder / "spark-1/docker/images.json").read_text())
    for file in app(simulation).iterdir():
        if file.is_file():
            file.unlink()
    for path, text in records[CONTAINER]["Files"].items():
        (app(simulation) / Path(path).name).write_text(text)


def docker(settings: Settings, *words: str) -> str:
    answer = ssh.run(settings.cluster.host("spark-1"), command("docker", *words))
    assert answer.ok, answer
    return answer.stdout.strip()


def started_at(settings: Settings) -> str:
    return docker(settings, "inspect", "--format", "{{.State.StartedAt}}", CONTAINER)


def states(patching: Patching) -> dict[str, str]:
    return {file.name: file.state for file in patching.seen.files}
