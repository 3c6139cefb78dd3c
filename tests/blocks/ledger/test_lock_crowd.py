"""A thousand who take the lock at once, from several processes: one holds it at any time."""

import json
from itertools import pairwise

from blocks.ledger.lock import current_lock
from blocks.ledger.store import Ledger
from tests.blocks.ledger.racer import HELD_SECONDS, race, results

PROCESSES, THREADS = 4, 250


def test_of_a_thousand_takers_one_holds_the_lock_at_any_time(ledger: Ledger, url: str):
    with race(url, f"crowd={THREADS}", count=PROCESSES) as racers:
        held = sorted(tuple(span) for said in results(racers) for span in json.loads(said))

    assert held, "nobody got it"
    assert all(end - begin >= HELD_SECONDS for begin, end in held)
    assert all(end <= begin for (_, end), (begin, _) in pairwise(held)), held
    assert current_lock(ledger) is None
