"""One way that weights take, over real SSH on the simulated pair: cut, killed, full, taken up again."""

import os
import signal
import threading

import pytest

from tasks import ssh
from tasks.check import command
from tasks.download_jobs import copy_job, hub_job
from tasks.hub import HubRepo, Refused, ask_command, list_path, read_repo, require_access
from tasks.measure import Measured, measure_command
from tasks.transfer import Transfer, TransferFailed
from tests.simulator.simulation import living, start, stop
from tests.tasks.simulated_pair import SMALL, Pair


@pytest.fixture(scope="module")
def simulation(tmp_path_factory):
    simulation = start(tmp_path_factory.mktemp("pair"))
    yield simulation
    stop(simulation)
    assert living(simulation.folder) == []


@pytest.fixture
def pair(simulation, known_hosts):
    pair = Pair(simulation)
    yield pair
    ssh.close_all()


class Heard:
    """What a transfer told; `first` is set at the first word."""

    def __init__(self) -> None:
        self.told: list[Measured] = []
        self.first = threading.Event()

    def __call__(self, measured: Measured, rate: float) -> None:
        self.told.append(measured)
        self.first.set()


def hub(pair: Pair, repo: str) -> HubRepo:
    answer = ssh.run(pair.one, ask_command(list_path(repo, ""), ""))
    return read_repo(require_access(answer, repo, "", token=False))


def download(pair: Pair, repo: str, heard: Heard | None = None, token: str = "") -> Transfer:
    known = hub(pair, repo)
    job = hub_job(repo, known.commit, pair.measured(repo), token, "run-1")
    measure = measure_command(None, repo, known.blobs)
    return Transfer(repo, "", None, pair.one, job, measure, heard or Heard(), token)


def copy(pair: Pair, repo: str, heard: Heard | None = None) -> Transfer:
    caches = [pair.measured(repo, number).cache for number in (1, 2)]
    job = copy_job(repo, caches[0], pair.two, caches[1], "run-1")
    return Transfer(repo, "", pair.one, pair.two, job, measure_command(None, repo, {}), heard or Heard())


def test_a_download_brings_every_file_and_a_copy_brings_it_to_the_other_host(pair):
    known, heard = hub(pair, SMALL), Heard()

    download(pair, SMALL, heard).carry()
    copy(pair, SMALL).carry()

    assert known.bytes > 14 * 2**30
    assert heard.told[0].arrived < known.bytes
    for number in (1, 2):
        found = pair.model(number=number)
        assert (found.complete, found.revision) == (True, known.commit)
        assert found.bytes == known.bytes


def test_a_line_that_breaks_is_tried_again_with_what_has_arrived(pair, monkeypatch):
    monkeypatch.setattr("tasks.transfer.PAUSE_SECONDS", 0.01)
    repo = "org/cut-7b"
    with pair.fault("hub-cut", "50"):
        heard = Heard()
        download(pair, repo, heard).carry()

    assert pair.model(repo).complete
    assert not list(pair.repo(repo).glob("blobs/*.incomplete"))
    sizes = [measured.arrived for measured in heard.told]
    assert sizes == sorted(sizes)


def test_a_job_that_was_killed_on_its_host_goes_on_with_what_has_arrived(pair, monkeypatch):
    monkeypatch.setattr("tasks.transfer.PAUSE_SECONDS", 0.01)
    repo, heard = "org/killed-7b", Heard()
    transfer = download(pair, repo, heard)
    with pair.fault("hub-slow", "50"):
        carrying = threading.Thread(target=transfer.carry)
        carrying.start()
        before = pair.wait_for_bytes(repo)
        os.killpg(pair.jobs()[transfer.job.name]["pid"], signal.SIGKILL)
        kept = pair.measured(repo).arrived
    carrying.join(60)

    assert pair.model(repo).complete
    assert kept >= before
    sizes = [measured.arrived for measured in heard.told]
    assert sizes == sorted(sizes)


def test_a_second_controller_takes_up_the_job_of_one_that_died(pair):
    repo, heard = "org/orphan-7b", Heard()
    transfer = download(pair, repo)
    with pair.fault("hub-slow", "50"):
        ssh.run(pair.one, transfer.job.begin())
        ssh.close_all()
        first = pair.jobs()[transfer.job.name]["pid"]
        carrying = threading.Thread(target=download(pair, repo, heard).carry)
        carrying.start()
        assert heard.first.wait(30)
    carrying.join(60)

    assert pair.jobs()[transfer.job.name]["pid"] == first
    assert pair.model(repo).complete


def test_a_half_download_is_never_whole_and_keeps_its_bytes_when_it_is_stopped(pair):
    repo = "org/half-7b"
    transfer = download(pair, repo)
    with pair.fault("hub-slow", "50"):
        ssh.run(pair.one, transfer.job.begin())
        before = pair.wait_for_bytes(repo)
        transfer.stop()

    found, arrived = pair.model(repo), pair.measured(repo).arrived
    assert not found.complete
    assert found.disk_bytes >= arrived >= before
    transfer.carry()
    assert pair.model(repo).complete


def test_a_full_disk_stops_it_before_it_is_full_and_keeps_what_has_arrived(pair):
    repo = "org/full-7b"
    transfer = download(pair, repo)
    with pair.fault("hub-slow", "50"):
        ssh.run(pair.one, transfer.job.begin())
        before = pair.wait_for_bytes(repo)
        with pair.fault("disk-full"), pytest.raises(TransferFailed, match="the disk of spark-1"):
            transfer.carry()
    assert pair.measured(repo).arrived >= before
    assert not pair.model(repo).complete
    transfer.carry()
    assert pair.model(repo).complete


def test_a_gated_repository_is_refused_in_plain_words_and_opened_by_the_token(pair):
    repo = "org/gated-7b"
    with pair.fault("gated", f"{repo}\nhf_opensesame"):
        with pytest.raises(Refused, match="is gated: its owner wants its terms accepted"):
            download(pair, repo).carry()
        opened = download(pair, repo, token="hf_opensesame")
        opened.carry()

    assert pair.model(repo).complete
    said = str(pair.jobs()) + repr(opened)
    said += "".join(path.read_text() for path in pair.simulation.home().rglob("jobs/*/log"))
    assert "opensesame" not in said


def test_a_copy_that_is_cut_goes_on_and_shows_nothing_whole_before_its_end(pair, monkeypatch):
    monkeypatch.setattr("tasks.transfer.PAUSE_SECONDS", 0.01)
    repo = "openai/gpt-oss-120b"
    ssh.run(pair.two, command("rm", "-rf", str(pair.repo(repo, 2))))
    transfer = copy(pair, repo)
    with pair.fault("copy-slow", "50", number=2):
        ssh.run(pair.one, transfer.job.begin())
        pair.wait_for_bytes(repo, number=2)
        os.killpg(pair.jobs()[transfer.job.name]["pid"], signal.SIGKILL)
        found = pair.model(repo, 2)

    assert not found.complete
    transfer.carry()
    assert pair.model(repo, 2).complete
