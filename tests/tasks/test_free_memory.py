"""Freeing memory of a simulated host: its page cache, or the engine; and what is said when it cannot be."""

from pathlib import Path

import pytest

from blocks.ledger.claim import claim
from blocks.ledger.lock import issue_pass, take_lock
from blocks.ledger.seen import write_seen
from blocks.ledger.service_events import service_events_of
from blocks.settings import Settings
from tasks import ssh
from tasks.check import Answer, Unreadable, command
from tasks.free_memory import NotFreed, Relief, read_held
from tasks.ssh import Unreachable
from tests.tasks.quiet import quiet_report
from tests.tasks.simulated import Sparks, sparks_in


@pytest.fixture(scope="module")
def sparks(tmp_path_factory: pytest.TempPathFactory):
    """A pair of Sparks for this file."""
    with sparks_in(tmp_path_factory.mktemp("sparks")) as pair:
        yield pair


@pytest.fixture
def relief(sparks: Sparks, tmp_path: Path):
    """An attempt on the first host."""
    report = quiet_report(tmp_path, "spark-1", kind="memory")
    settings = Settings(cluster=sparks.cluster)
    yield Relief(settings, report.ledger, report, sparks.cluster.hosts[0], "drop_caches", "4 GiB are left")
    report.ledger.close()


@pytest.fixture
def allowed(sparks: Sparks):
    """The host lets its user act as root."""
    files = [sparks.simulation.folder / "spark-1" / name for name in ("sudo-allowed", "caches-dropped")]
    files[0].touch()
    yield
    for file in files:
        file.unlink(missing_ok=True)


def test_the_page_cache_is_dropped_where_it_is_allowed(relief: Relief, allowed):
    relief.look()
    said = relief.act()

    assert relief.sentences()[1].startswith("Drop the page cache of spark-1: no data is lost")
    assert "went from 9.0 to 0.2 GiB" in said


def test_without_the_right_it_says_so_and_how_to_give_it(relief: Relief):
    relief.look()

    with pytest.raises(NotFreed, match="does not let spark drop the page cache without a password") as error:
        relief.act()

    assert "spark ALL=(root) NOPASSWD: /usr/bin/tee /proc/sys/vm/drop_caches" in str(error.value)
    assert "9.0 GiB stay" in str(error.value)


def test_the_engine_is_stopped_on_every_host_and_is_not_to_be_healed(sparks: Sparks, relief: Relief):
    relief.action = "stop_engine"
    for host in sparks.cluster.hosts:
        ssh.run(host, command("docker", "run", "-d", "--name", "vllm_node", "vllm-node", "sleep", "infinity"))

    relief.look()
    plan, said = relief.sentences(), relief.act()

    assert "Stop the engine on spark-1 and spark-2" in plan[1]
    assert said.startswith("The engine on spark-1 and spark-2 is stopped; spark-1 has ")
    assert not any(sight.holds("vllm_node") for sight in sparks.look().sights.values())
    (event,) = service_events_of(relief.ledger, "vllm")
    assert (event.kind, event.reason) == ("stopped", "memory of spark-1: 4 GiB are left")


def test_without_an_engine_there_is_nothing_to_stop(relief: Relief):
    relief.action = "stop_engine"
    relief.look()

    assert relief.act() == "No engine is on any host that answers: nothing was stopped."
    assert service_events_of(relief.ledger, "vllm") == []


def test_a_swap_under_way_keeps_the_engine(sparks: Sparks, relief: Relief):
    relief.action = "stop_engine"
    relief.where = [relief.host]

    with claim(relief.ledger, "gpu", "another-run", on_lost=lambda: None), pytest.raises(NotFreed) as error:
        relief.act()

    assert "run another-run is changing the GPU just now" in str(error.value)


def test_the_lock_keeps_the_engine_from_all_but_its_holder(sparks: Sparks, relief: Relief):
    relief.action = "stop_engine"
    relief.where = [relief.host]
    token = take_lock(relief.ledger, "batch", "training", 60)

    with pytest.raises(NotFreed, match=r"held by batch until .*: training; nothing was stopped"):
        relief.act()
    write_seen(relief.ledger, "alert/spark-1", {"state": "calm"})
    write_seen(relief.ledger, "host/spark-1", {})
    with pytest.raises(NotFreed, match="held by batch"):
        relief.act()
    relief.lock_pass = issue_pass(relief.ledger, token)

    assert relief.act().startswith("The engine on spark-1 is stopped")


def test_the_lock_does_not_keep_the_engine_on_a_host_that_is_about_to_freeze(
    sparks: Sparks, relief: Relief, monkeypatch: pytest.MonkeyPatch
):
    relief.action = "stop_engine"
    relief.where = [relief.host]
    take_lock(relief.ledger, "batch", "training", 60)
    write_seen(relief.ledger, "alert/spark-1", {"state": "low"})
    write_seen(relief.ledger, "host/spark-1", {})

    assert relief.act().startswith("The engine on spark-1 is stopped")
    monkeypatch.setattr("tasks.free_memory.LOOKED_SECONDS", -1)  # nobody has looked since
    with pytest.raises(NotFreed, match="held by batch"):
        relief.act()


def test_a_host_that_is_gone_is_left_out_unless_it_is_the_one_in_need(sparks: Sparks, relief: Relief):
    relief.action = "stop_engine"
    with sparks.simulation.fault("unreachable", "", number=2):
        _wait_until_gone(sparks)
        relief.look()
        relief.host = sparks.cluster.hosts[1]
        with pytest.raises(Unreachable):
            relief.look()


def _wait_until_gone(sparks: Sparks) -> None:
    ssh.close_all()
    while True:
        try:
            ssh.run(sparks.cluster.hosts[1], command("true"))
        except Unreachable:
            return


TWICE = "Mem: 1 2 3 4 5 6 7\n" * 2


@pytest.mark.parametrize("said", ["", "Mem: 1 2", "Mem: a b c d e f g", TWICE])
def test_what_is_not_the_answer_of_free_is_unreadable(said: str):
    with pytest.raises(Unreadable):
        read_held(Answer(0, said))
