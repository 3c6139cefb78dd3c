"""An installation of a NIM on a simulated Spark, and eyes for its key."""

import base64
import threading
from dataclasses import replace
from pathlib import Path

from blocks.nim import chosen_nim
from blocks.settings import Settings, make_settings
from tasks.nim import Install
from tests.simulator.simulation import Simulation
from tests.tasks.quiet import quiet_report

KEY = "nvapi-" + "Zq7" * 22
FORMS = (KEY.encode(), base64.b64encode(f"$oauthtoken:{KEY}".encode()))
MAGPIE = chosen_nim("magpie")


def installation(simulation: Simulation, folder: Path, name: str, offset: int) -> Install:
    report = quiet_report(folder, "magpie", "nim")
    port = simulation.config["services"][0]["port"] + offset
    nim = replace(MAGPIE, key=name, port=port, disk_gib=0.1)
    return Install(settings_of(simulation, KEY), report.ledger, report, nim, host_of(simulation))


def settings_of(simulation: Simulation, key: str) -> Settings:
    return make_settings({"cluster": simulation.config, "ngc-key": {"key": key}})


def host_of(simulation: Simulation):
    return settings_of(simulation, "").cluster.hosts[0]


def holding(folder: Path) -> list[Path]:
    """Files that show the key in any form."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    small = [file for file in files if file.stat().st_size < 10**7]
    return [file for file in small if any(form in file.read_bytes() for form in FORMS)]


class Eyes(threading.Thread):
    """Reads every argument list of this machine, again and again."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ended, self.looks, self.seen = threading.Event(), 0, []

    def run(self) -> None:
        while not self.ended.wait(0.01):
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    words = file.read_bytes()
                except OSError:
                    continue
                self.seen += [words for form in FORMS if form in words]
            self.looks += 1

    def __enter__(self) -> "Eyes":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join()
