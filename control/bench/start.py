"""The start of a run, a swap on simulated Sparks, memory and imports: what start-latency.md claims."""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping

import httpx

from blocks.ledger.launches import last_good_launch
from blocks.ledger.runs import get_run
from blocks.ledger.store import Ledger
from control.bench import usage
from control.bench.page import show_page
from control.demo import FIRST, SECOND, demo_environment, simulated_cluster, swap, wait_for_menu
from control.environment import CHECKOUT
from control.up import bring_up, gateway_url

STARTS = 9
IMPORTS = {
    "worker": "control.worker.worker",
    "flow": "flows.swap_model",
    "observer": "tasks.observer",
    "gateway": "gateway.app",
}


def start() -> None:
    """Print five tables in Markdown."""
    state = CHECKOUT / ".state" / f"demo-{os.getpid()}"
    try:
        with simulated_cluster(state / "sparks") as cluster_file:
            environment = demo_environment(state, cluster_file)
            house = bring_up(environment, print)
            try:
                with httpx.Client(base_url=gateway_url(environment), timeout=60) as client:
                    wait_for_menu(client)
                    measure(
                        client, environment, {n: p.child.pid for n, p in house.processes.items() if p.child}
                    )
                show_page(gateway_url(environment))
            finally:
                house.stop()
    finally:
        shutil.rmtree(state, ignore_errors=True)


def measure(client: httpx.Client, environment: Mapping[str, str], pids: Mapping[str, int]) -> None:
    """All measurements of a house that is up."""
    ledger = Ledger(environment["SPARK_LEDGER_URL"])
    print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}\n")
    starts = sorted(start_latency(client, ledger) for _ in range(STARTS))
    print("| click to first line of the flow | seconds |\n| --- | --- |")
    print(f"| median of {STARTS} | {statistics.median(starts):.2f} |")
    print(f"| best, worst | {starts[0]:.2f}, {starts[-1]:.2f} |\n")
    print("| swap to | whole run, s | engine's own start, s | ours, s |\n| --- | --- | --- | --- |")
    for model in (FIRST, SECOND, FIRST):
        print(swap_row(client, ledger, model))
    print("\n| process | memory, MB (PSS) | of which its children |\n| --- | --- | --- |")
    for name, pid in pids.items():
        whole, own = usage.share(usage.tree(pid)), usage.share([pid])
        print(f"| {name} | {whole:.0f} | {whole - own:.0f} |")
    print("\n| import | seconds |\n| --- | --- |")
    for name, module in IMPORTS.items():
        print(f"| {name} (`{module}`) | {import_seconds(module):.2f} |")


def start_latency(client: httpx.Client, ledger: Ledger) -> float:
    """Seconds from the click to the first line of the flow, by a dry run."""
    clicked = time.time()
    run_id = client.post("/api/swap", json={"model": FIRST, "dry_run": True}).raise_for_status().json()["id"]
    while (run := get_run(ledger, run_id)) is None or run.ended is None:
        time.sleep(0.05)
    return run.started - clicked


def swap_row(client: httpx.Client, ledger: Ledger, model: str) -> str:
    """One swap: its whole length, and how much of it the engine took by itself."""
    run_id = swap(client, model)
    run, launch = get_run(ledger, run_id), last_good_launch(ledger)
    if run is None or run.ended is None or launch is None or launch.ready is None:
        raise SystemExit(f"the swap to {model} left no record")
    whole, engine = run.ended - run.started, launch.ready - launch.launched
    return f"| {model} | {whole:.1f} | {engine:.1f} | {whole - engine:.1f} |"


def import_seconds(module: str) -> float:
    """Wall time of a fresh Python that imports a module; the best of three."""
    words = [sys.executable, "-c", f"import {module}"]
    times = []
    for _ in range(3):
        began = time.monotonic()
        subprocess.run(words, cwd=CHECKOUT, check=True, env={**os.environ, "PYTHONPATH": str(CHECKOUT)})
        times.append(time.monotonic() - began)
    return min(times)
