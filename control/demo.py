"""`python -m control.demo`: a house over a simulated pair of Sparks, and swaps the way a user makes them."""

import argparse
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import openai

from control.environment import CHECKOUT, free_port, house_environment
from control.processes import Process
from control.up import bring_up, gateway_url, prefect_url, wait_for_end

SCALE = "0.05"
"""Simulated seconds per real one: a swap takes about ten seconds."""
FIRST, SECOND = "gpt-oss-120b", "qwen3.6-35b-a3b"
QUESTION = "In one short sentence: who are you?"
SIMULATOR_SECONDS = 60.0


def demo(*, once: bool) -> None:
    """Bring everything up, swap twice, ask the new model; stay until Ctrl-C unless `once`."""
    began = time.monotonic()
    state = CHECKOUT / ".state" / f"demo-{os.getpid()}"
    _forget_old_demos()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with simulated_cluster(state / "sparks") as cluster_file:
            environment = demo_environment(state, cluster_file)
            say(f"two simulated Sparks are up ({cluster_file.parent})")
            house = bring_up(environment, say)
            try:
                say(f"Prefect, worker, observer and gateway are up after {time.monotonic() - began:.0f} s")
                show(environment)
                say(f"done, {time.monotonic() - began:.0f} s in all")
                if not once:
                    say("everything stays up until Ctrl-C")
                    wait_for_end()
            finally:
                house.stop()
    except KeyboardInterrupt:
        say("ended")
    finally:
        shutil.rmtree(state, ignore_errors=True)


def say(line: str) -> None:
    """One line of the transcript."""
    print(f"  {line}", flush=True)


def demo_environment(state: Path, cluster_file: Path) -> dict[str, str]:
    """The house's environment, on free ports and with a state of its own."""
    outside = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "SPARK_"))}
    given = {
        **outside,
        "PREFECT_SERVER_API_PORT": str(free_port()),
        "SPARK_GATEWAY_PORT": str(free_port()),
        "SPARK_CLUSTER_FILE": str(cluster_file),
    }
    if (bot_file := cluster_file.with_name("bot.yaml")).exists():  # without git there is no bot
        given["SPARK_BOT_FILE"] = str(bot_file)
    return house_environment(state, given)


@contextmanager
def simulated_cluster(folder: Path, scale: str = SCALE, launcher: str | None = None) -> Iterator[Path]:
    """Two simulated Sparks, with a real launcher where one is given; gives their cluster.yaml."""
    folder.mkdir(parents=True)
    log = folder / "simulator.log"
    command = [sys.executable, "-m", "simulator", "--dir", str(folder), "--scale", scale]
    command += ["--launcher", launcher] if launcher else []
    process = Process("simulator", command, {**os.environ, "PYTHONPATH": str(CHECKOUT)}, log, say)
    process.start()
    try:
        deadline = time.monotonic() + SIMULATOR_SECONDS
        while "ready " not in log.read_text(encoding="utf-8"):
            if time.monotonic() > deadline or process.restarts:
                raise SystemExit(f"the simulator did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.1)
        yield folder / "cluster.yaml"
    finally:
        process.stop()


def show(environment: Mapping[str, str]) -> None:
    """What a user does: look at the menu, switch, watch, ask."""
    url = gateway_url(environment)
    with httpx.Client(base_url=url, timeout=30) as client:
        wait_for_menu(client)
        swap(client, FIRST)
        swap(client, SECOND)
    answer = ask(url, SECOND)
    say(f"asked through the gateway: {QUESTION}")
    say(f"{SECOND} answered: {answer}")
    say(f"dashboard    {url}/")
    say(f"Prefect's UI {prefect_url(environment)}/")


def swap(client: httpx.Client, model: str) -> str:
    """Switch to a model as the dashboard does, telling its phases; the run's id, `SystemExit` on failure."""
    clicked = time.monotonic()
    answer = client.post("/api/swap", json={"model": model})
    if answer.status_code != httpx.codes.ACCEPTED:
        raise SystemExit(f"POST /api/swap said {answer.status_code}: {answer.text}")
    run = answer.json()
    say(f"switch to {model}: run {run['id']}")
    told = ""
    for kind, data in events(client, run["stream"]):
        if kind == "phase" and data["phase"] != told:
            told = data["phase"]
            say(f"{time.monotonic() - clicked:5.1f} s  {data['progress']:4.0%}  {told}")
        if kind == "result":
            say(f"{time.monotonic() - clicked:5.1f} s  {data['message']}")
            if data["state"] != "completed":
                raise SystemExit("the swap did not succeed")
            return str(run["id"])
    raise SystemExit("the stream of the run ended without a result")


def events(client: httpx.Client, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kind and data of the server-sent events of a run."""
    kind = ""
    with client.stream("GET", path, timeout=300) as answer:
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                yield kind, json.loads(value)


def ask(url: str, model: str) -> str:
    """Ask a model through the gateway, as any program with an OpenAI client does."""
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
    messages: Any = [{"role": "user", "content": QUESTION}]
    answer = client.chat.completions.create(model=model, messages=messages, max_tokens=40)
    return answer.choices[0].message.content or ""


def wait_for_menu(client: httpx.Client, seconds: float = 60) -> None:
    """The observer needs a moment to see the disks."""
    _wait(
        lambda: any(model["state"] == "ready" for model in client.get("/api/models").json()["models"]),
        seconds,
    )


def _wait(ready: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise SystemExit("the menu of models stayed empty: see the observer's log")
        time.sleep(0.2)


def _forget_old_demos() -> None:
    """Remove the state of demos whose process has ended without cleaning up."""
    for folder in (CHECKOUT / ".state").glob("demo-*"):
        owner = folder.name.removeprefix("demo-")
        alive = owner.isdigit() and Path(f"/proc/{owner}").exists()
        if not alive:
            shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="control.demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end by itself when everything was shown")
    demo(once=parser.parse_args().once)


def _interrupt(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
