"""Installing a NIM on a simulated Spark: ready at its end, undone on failure, its key unseen."""

import json
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tasks import ssh
from tasks.check import command
from tasks.checks.nim import CacheOwned
from tasks.ensure import look
from tasks.nim import Install
from tasks.outcome import Failed
from tests.simulator.simulation import Simulation, start, stop
from tests.tasks.installing import KEY, MAGPIE, Eyes, holding, installation, settings_of


@pytest.fixture(scope="module")
def simulation(tmp_path_factory: pytest.TempPathFactory):
    """One Spark for this file, which writes down what docker is asked for."""
    simulation = start(tmp_path_factory.mktemp("sparks"), "--hosts", "1")
    (simulation.folder / "spark-1/docker/commands").touch()
    yield simulation
    ssh.close_all()
    stop(simulation)


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Look more often than in life."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tasks.follow_job.LOOK_SECONDS", 0.1)
        patch.setattr("tasks.follow_nim.POLL_SECONDS", 0.1)
        yield


@pytest.fixture
def install(simulation: Simulation, tmp_path: Path):
    """An installation of Magpie at a free port."""
    made = installation(simulation, tmp_path, "magpie", 1)
    yield made
    ssh.run(made.host, command("docker", "rm", "-f", "magpie"))
    made.ledger.close()


def containers(install: Install) -> list[str]:
    return ssh.run(install.host, command("docker", "ps", "-a", "--format", "{{.Names}}")).stdout.split()


def forget_image(install: Install) -> None:
    ssh.run(install.host, command("docker", "rmi", "-f", install.nim.image))


@pytest.fixture(scope="module")
def watched(simulation: Simulation, tmp_path_factory: pytest.TempPathFactory):
    """An installation that came to its end, the eyes on it, and what held its key after the pull."""
    made = installation(simulation, tmp_path_factory.mktemp("watched"), "voice", 2)
    with Eyes() as eyes:
        made.look()
        made.fetch()
        after_pull = holding(simulation.folder / "spark-1")
        made.start()
    yield made, eyes, after_pull
    made.ledger.close()


def test_a_nim_is_fetched_started_and_ready(watched):
    install, _, _ = watched
    answer = httpx.get(f"{install.settings.cluster.base_url(install.service)}/v1/health/ready")

    assert answer.json() == {"status": "ready"}
    assert install.report.phases() == ["looking", "fetching", "starting", "waiting"]
    assert install.progress.fraction == 1.0


def test_its_key_shows_nowhere_but_where_docker_keeps_it(simulation: Simulation, watched):
    install, eyes, after_pull = watched
    host = simulation.folder / "spark-1"

    assert after_pull == [], "the login is gone with the end of the pull"
    assert (eyes.looks > 5, eyes.seen) == (True, [])
    assert [file.name for file in holding(host)] == ["spec.json"], "docker itself keeps it with the container"
    assert '"run", "-d"' in (host / "docker/commands").read_text()
    assert KEY not in (host / "docker/commands").read_text()
    assert KEY not in json.dumps([event.data for event in install.report.events])
    assert not holding(Path(install.ledger.engine.url.database).parent)


def test_its_container_is_made_as_it_should_be(watched):
    install, _, _ = watched
    (made,) = json.loads(ssh.run(install.host, command("docker", "inspect", "voice")).stdout)

    assert made["HostConfig"]["RestartPolicy"]["Name"] == "no"
    assert made["HostConfig"]["ShmSize"] == "8g"
    assert made["HostConfig"]["PortBindings"] == [f"{install.nim.port}:9000"]
    assert made["Config"]["Labels"] == {"spark-control.nim": install.report.run_id}
    assert "NIM_HTTP_API_PORT=9000" in made["Config"]["Env"]
    assert look(install.host, CacheOwned(install.cache, install.nim.image)).seen == 1000
    said = install.service.model_dump(include={"name", "kind", "dialect", "health_path"})
    assert list(said.values()) == ["voice", "tts", "/v1/health/ready", "magpie"]


def test_all_that_stands_in_the_way_is_said_at_once(simulation: Simulation, install: Install):
    parakeet = next(one for one in simulation.config["services"] if one["name"] == "parakeet")
    install.settings = settings_of(simulation, "")
    install.nim = replace(
        MAGPIE, key="parakeet", port=parakeet["port"], memory_gib=500, image="docker.io/x/y"
    )

    with pytest.raises(Failed) as failed:
        install.look()

    for words in (
        "the image docker.io/x/y is not from nvcr.io/",
        "there is no usable NGC key",
        "there is a service named parakeet already",
        f"another program listens at port {parakeet['port']}",
        "500.0 are needed",
    ):
        assert words in str(failed.value)


def test_a_full_disk_is_said_before_anything_is_fetched(simulation: Simulation, install: Install):
    forget_image(install)
    install.nim = replace(install.nim, disk_gib=40)
    with (
        simulation.fault("disk-full"),
        pytest.raises(Failed, match=r"0\.0 GiB of disk are free, 40 are needed"),
    ):
        install.look()


def test_a_key_that_the_registry_refuses_is_said_without_it(simulation: Simulation, install: Install):
    forget_image(install)
    bad = "x" * 40
    install.settings = settings_of(simulation, bad)
    install.look()

    with pytest.raises(Failed, match="NVIDIA's registry refuses the NGC key") as failed:
        install.fetch()

    assert bad not in str(failed.value)
    assert not (simulation.home() / ".local/state/spark-control/nim/magpie").exists()


def test_a_pull_that_breaks_off_leaves_no_login(simulation: Simulation, install: Install):
    forget_image(install)
    install.look()
    with (
        simulation.fault("docker-pull", "1\nnet/http: TLS handshake timeout"),
        pytest.raises(Failed, match="could not be fetched: net/http: TLS handshake timeout"),
    ):
        install.fetch()

    assert not (simulation.home() / ".local/state/spark-control/nim/magpie").exists()


@pytest.mark.parametrize(
    ("fault", "words"),
    [("refused", "NVIDIA refuses the NGC key"), ("silent", "said nothing for")],
)
def test_a_start_that_fails_is_told_and_undone(
    simulation: Simulation, install: Install, fault: str, words: str
):
    install.silence_seconds = 1.0
    install.look()
    install.fetch()

    with simulation.fault("nim", fault), pytest.raises(Failed, match=words):
        install.start()

    assert "magpie" not in containers(install)


def test_a_cancelled_start_leaves_no_container(simulation: Simulation, install: Install, monkeypatch):
    class Cancelled(BaseException):
        """What a cancel raises in the middle of it."""

    def cancel(*_: object, **__: object) -> None:
        raise Cancelled

    install.look()
    install.fetch()
    monkeypatch.setattr("tasks.follow_nim.httpx.get", cancel)

    with pytest.raises(Cancelled):
        install.start()

    assert "magpie" not in containers(install)


def test_a_container_of_the_same_name_is_left_alone(install: Install):
    install.look()
    install.fetch()
    ssh.run(install.host, command("docker", "run", "-d", "--name", "magpie", "qdrant", "--port", "1"))

    with pytest.raises(Failed, match="already in use"):
        install.start()

    assert "magpie" in containers(install)


def test_a_cache_of_another_user_is_given_to_the_one_the_nim_runs_as(
    simulation: Simulation, install: Install
):
    install.look()
    install.fetch()
    folder = simulation.home() / ".cache/nim/magpie"
    folder.mkdir(parents=True, exist_ok=True)
    (simulation.folder / "spark-1/docker/owners.json").write_text(json.dumps({str(folder.resolve()): 0}))
    check = CacheOwned(install.cache, install.nim.image)
    assert look(install.host, check).verdict.faults == ("~/.cache/nim/magpie belongs to user 0, not to 1000",)

    install.start()

    assert look(install.host, check).verdict.ok
