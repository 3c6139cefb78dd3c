"""`python -m tests.blocks.ledger.racer URL deed name`: says ready, waits for a word, does the deed."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from blocks.ledger import clock
from blocks.ledger.claim import Claimed, claim
from blocks.ledger.lock import LockHeld, release_lock, require_lock, take_lock
from blocks.ledger.migrate import migrate
from blocks.ledger.runs import report, start_run
from blocks.ledger.seen import read_seen, write_seen
from blocks.ledger.store import Ledger

CHECKOUT = Path(__file__).parents[3]
ROUNDS = 40
HELD_SECONDS = 0.05


class Racer:
    """A process that waits for its start."""

    def __init__(self, url: str, deed: str, name: str) -> None:
        pipe = subprocess.PIPE
        words = [sys.executable, "-m", "tests.blocks.ledger.racer", url, deed, name]
        self.process = subprocess.Popen(words, cwd=CHECKOUT, stdin=pipe, stdout=pipe, text=True)

    def hear(self) -> str:
        """The next line it says; blank when it has ended."""
        return self.process.stdout.readline().strip()

    def go(self) -> None:
        """Let it go on."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def end(self) -> None:
        """Wait for its end, or make it."""
        self.process.kill()
        self.process.communicate()


@contextmanager
def race(url: str, deed: str, count: int = 3) -> Iterator[list[Racer]]:
    """That many processes at the start, all ready."""
    racers = [Racer(url, deed, f"run-{number}") for number in range(count)]
    try:
        assert [racer.hear() for racer in racers] == ["ready"] * count
        yield racers
    finally:
        for racer in racers:
            racer.end()


def results(racers: list[Racer]) -> list[str]:
    """Let all go at once and hear how it went."""
    for racer in racers:
        racer.go()
    return [racer.hear() for racer in racers]


def say(word: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def hold_claim(ledger: Ledger, name: str) -> str:
    """Claim the GPU and keep it until the next word."""
    try:
        with claim(ledger, "gpu", name, on_lost=lambda: None):
            say("won")
            sys.stdin.readline()
    except Claimed as error:
        return f"lost to {error.run_id}"
    return "let go"


def lock(ledger: Ledger, name: str) -> str:
    """Take the lock."""
    try:
        take_lock(ledger, name, "a race", 60)
    except LockHeld:
        return "lost"
    return "won"


def crowd(ledger: Ledger, takers: int) -> str:
    """So many threads take the lock at once, each one time; when each winner had it, by the boot's clock."""
    start, held = threading.Barrier(takers), []

    def taker(number: int) -> None:
        start.wait()
        with suppress(LockHeld):
            token = take_lock(ledger, f"{os.getpid()}-{number}", "a crowd", 600)
            begun = clock.since_boot()
            time.sleep(HELD_SECONDS)
            held.append((begun, clock.since_boot()))
            release_lock(ledger, token)

    threads = [threading.Thread(target=taker, args=(number,)) for number in range(takers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return json.dumps(held)


def use_pass(ledger: Ledger, single_use: str) -> str:
    """Spend a pass; all racers have the same one."""
    try:
        require_lock(ledger, single_use)
    except LockHeld:
        return "lost"
    return "won"


def write(ledger: Ledger, name: str) -> str:
    """Write and read in turns, as a run and an observer do."""
    start_run(ledger, name, "swap", "model", None)
    for turn in range(ROUNDS):
        report(ledger, name, "log", {"turn": turn}, progress=turn / ROUNDS)
        write_seen(ledger, "host/spark-1", {"turn": turn})
        read_seen(ledger, "host/")
    return "done"


DEEDS = {"claim": hold_claim, "lock": lock, "write": write}


def main(url: str, deed: str, name: str) -> None:
    """Wait for the start, then do it."""
    say("ready")
    sys.stdin.readline()
    if deed == "migrate":
        migrate(url)
        say("done")
    elif deed.startswith("pass="):
        say(use_pass(Ledger(url), deed.removeprefix("pass=")))
    elif deed.startswith("crowd="):
        say(crowd(Ledger(url), int(deed.removeprefix("crowd="))))
    else:
        say(DEEDS[deed](Ledger(url), name))


if __name__ == "__main__":
    main(*sys.argv[1:])
