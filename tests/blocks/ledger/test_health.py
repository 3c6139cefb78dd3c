"""What is kept of deep checks: the last result of each service."""

from blocks.ledger.health import Health, proven_at, read_health, write_health
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger


def test_the_last_result_of_each_service_is_kept(ledger: Ledger):
    first, last = Health("failing", "it is silent", 1.0, busy_since=1.0), Health("well", "it spoke", 2.0)
    for health in (first, last):
        write_health(ledger, "kokoro", health)
    write_health(ledger, "kokoro-2", first)

    assert read_health(ledger, "kokoro") == {"kokoro": last}
    assert read_health(ledger) == {"kokoro": last, "kokoro-2": first}


def test_results_of_another_version_are_read_as_far_as_they_go(ledger: Ledger):
    known = {"verdict": "well", "why": "it spoke", "at": 2.0}
    write_seen(ledger, "health/newer", {**known, "colour": "green"})
    write_seen(ledger, "health/older", {"state": "well"})

    assert read_health(ledger) == {"newer": Health("well", "it spoke", 2.0)}


def test_a_service_that_no_request_has_proved_is_not_proven(ledger: Ledger):
    write_seen(ledger, "traffic/kokoro", {"good_at": None, "in_flight": 1})

    assert proven_at(ledger, "kokoro") is None
    assert proven_at(ledger, "parakeet") is None
