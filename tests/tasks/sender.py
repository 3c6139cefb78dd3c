"""`python -m tests.tasks.sender LEDGER_URL`: the outbox in a process of its own, until it is killed."""

import sys
import threading

from blocks.ledger.store import Ledger
from tasks.outbox import Outbox

if __name__ == "__main__":
    Outbox(Ledger(sys.argv[1]), look_seconds=0.02).run(threading.Event())
