"""`python -m control.up`: the house, each process started when what it needs is there."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from control.environment import CHECKOUT, house_environment
from control.processes import House, Process, read_procfile

SERVER_SECONDS = 180.0
READY_SECONDS = 120.0


def bring_up(environment: Mapping[str, str], say: Callable[[str], None]) -> House:
    """
    Start everything and wait until each part is really up; ends what it started when that fails.

    Raises:
        NotReady: A process did not get ready; its message holds the end of the process's log.
    """
    house = House(environment, Path(environment["SPARK_LOG_DIR"]), say)
    try:
        _start(house, read_procfile((CHECKOUT / "Procfile").read_text(encoding="utf-8")))
    except BaseException:
        house.stop()
        raise
    return house


def gateway_url(environment: Mapping[str, str]) -> str:
    """Where the gateway is."""
    return f"http://{environment['SPARK_GATEWAY_HOST']}:{environment['SPARK_GATEWAY_PORT']}"


def prefect_url(environment: Mapping[str, str]) -> str:
    """Where Prefect's UI is."""
    return environment["PREFECT_API_URL"].removesuffix("/api")


def _start(house: House, commands: Mapping[str, list[str]]) -> None:
    environment = house.environment
    _run_once(house, "migrate", [sys.executable, "-m", "blocks.ledger"])
    house.add("server", commands["server"])
    house.wait_for("server", lambda: answers(f"{environment['PREFECT_API_URL']}/health"), SERVER_SECONDS)
    worker = house.add("worker", commands["worker"])
    for name in commands.keys() - {"server", "worker"}:
        house.add(name, commands[name])
    house.wait_for("worker", lambda: _said(worker, "worker ready"), READY_SECONDS)
    _run_once(house, "prepare", [sys.executable, "-m", "control.prepare"])
    house.wait_for("gateway", lambda: answers(f"{gateway_url(environment)}/health"), READY_SECONDS)


def _run_once(house: House, name: str, words: list[str]) -> None:
    """Run a step to its end; `SystemExit` with what it said when it fails."""
    done = subprocess.run(
        words, cwd=CHECKOUT, env=dict(house.environment), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{(done.stdout + done.stderr)[-3000:]}")


def answers(url: str) -> bool:
    """True when something answers with success."""
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.HTTPError:
        return False


def _said(process: Process, words: str) -> bool:
    return words in process.log_file.read_text(encoding="utf-8", errors="replace")


def wait_for_end() -> None:
    """Sleep until SIGINT, SIGTERM or SIGHUP."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()


def main() -> None:
    """Keep the house up until Ctrl-C."""
    environment = house_environment((CHECKOUT / ".state").resolve(), os.environ)
    for variable, name in (("SPARK_CLUSTER_FILE", "cluster.yaml"), ("SPARK_BOT_FILE", "bot.yaml")):
        if variable not in environment and (CHECKOUT / name).exists():
            environment[variable] = str(CHECKOUT / name)
    house = bring_up(environment, print)
    print(f"dashboard    {gateway_url(environment)}/")
    print(f"Prefect's UI {prefect_url(environment)}/")
    print("Ctrl-C ends everything.", flush=True)
    wait_for_end()
    house.stop()


if __name__ == "__main__":
    main()
