"""The bot on a simulated host, as its own user, over real SSH and real git."""

from pathlib import Path

import pytest
import yaml

from blocks.bot import BOT, Bot
from blocks.ledger.seen import read_seen
from blocks.settings import Settings, make_settings
from tasks import ssh
from tasks.bot import BotWork
from tasks.check import Answer, Unreadable, command
from tasks.checks.bot import BotContainer, BotRuns, BotSeen, faults_of_update
from tasks.follow_job import fresh_lines
from tasks.outcome import Failed
from tests.simulator.simulation import Simulation, start, stop
from tests.tasks.quiet import quiet_report


@pytest.fixture(scope="module")
def simulation(tmp_path_factory: pytest.TempPathFactory):
    """One Spark with a bot for this file."""
    simulation = start(tmp_path_factory.mktemp("sparks"), "--hosts", "1")
    yield simulation
    ssh.close_all()
    stop(simulation)


@pytest.fixture(scope="module")
def settings(simulation: Simulation) -> Settings:
    bot = yaml.safe_load((simulation.folder / "bot.yaml").read_text())
    return make_settings({"cluster": simulation.config, "bot": bot})


@pytest.fixture
def work(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Something to do with the bot, whose checkout is at its start and without changes."""
    monkeypatch.setattr("tasks.bot.SETTLE_SECONDS", 0.2)
    monkeypatch.setattr("tasks.bot.WATCH_SECONDS", 0.1)
    monkeypatch.setattr("tasks.follow_job.LOOK_SECONDS", 0.1)
    report = quiet_report(tmp_path, "bot", "bot")
    work = BotWork(settings, report.ledger, report)
    git(work, "checkout", "-q", "-f", "-B", "main", "start")
    git(work, "clean", "-q", "-fdx")
    yield work
    report.ledger.close()


def checkout(simulation: Simulation) -> Path:
    return simulation.folder / "spark-1" / "home-bot" / "bot"


def git(work: BotWork, *words: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.invalid")
    answer = ssh.run(work.host, command("git", "-C", "bot", *who, *words))
    assert answer.ok, answer
    return answer.stdout.strip()


def test_an_update_takes_the_commits_of_the_branch_and_starts_the_containers(work: BotWork):
    work.prepare()
    assert work.sentences(build=False) == [
        "Take 2 new commits of branch main on spark-1.",
        "New: Say when no model is loaded.",
        "New: Answer in the language of the question.",
        "Start its containers.",
    ]

    said = work.update(build=True)

    head = git(work, "rev-parse", "origin/main")
    assert said == f"The bot runs at commit {head[:7]}."
    seen = read_seen(work.ledger, BOT)[BOT].data
    assert (seen["head"], seen["behind"], seen["dirty"]) == (head, 0, [])
    assert [(one["name"], one["state"]) for one in seen["containers"]] == [
        ("bot-app-1", "running"),
        ("bot-memory-1", "running"),
    ]
    assert work.report.phases() == ["looking", "resetting", "starting"]


def test_a_dry_look_changes_nothing_in_the_checkout(simulation: Simulation, work: BotWork):
    folder = checkout(simulation)
    (folder / "bot.py").write_text("mine\n")

    work.prepare()

    assert git(work, "rev-parse", "HEAD") == git(work, "rev-parse", "start")
    assert (folder / "bot.py").read_text() == "mine\n"


def test_what_only_the_checkout_has_is_named_and_kept_as_a_patch_that_applies(simulation, work: BotWork):
    folder = checkout(simulation)
    (folder / "Dockerfile").write_text("FROM mine\n")
    git(work, "commit", "-qam", "mine")
    (folder / "bot.py").write_text("changed = 'é'\n")
    (folder / ".env").write_text("BOT_TOKEN=x\n")
    work.prepare()
    assert (
        "The checkout has changes in bot.py and 1 commits of its own: "
        "saved as a patch on spark-1, then undone." in work.sentences(build=False)
    )

    said = work.update(build=False)

    patch = work.reset.patch
    assert patch in said
    assert git(work, "status", "--porcelain") == ""
    assert (folder / ".env").read_text() == "BOT_TOKEN=x\n", "what git does not know stays"
    git(work, "checkout", "-q", "start")
    git(work, "apply", patch)
    assert (folder / "bot.py").read_text() == "changed = 'é'\n"
    assert (folder / "Dockerfile").read_text() == "FROM mine\n"


def test_a_file_that_upstream_would_write_over_forbids_an_update(simulation: Simulation, work: BotWork):
    folder = checkout(simulation)
    git(work, "rm", "-q", "--cached", "Dockerfile")
    (folder / "Dockerfile").write_text("precious\n")

    with pytest.raises(Failed, match=r"without git knowing them \(Dockerfile\): move them away first"):
        work.prepare()


def test_a_checkout_on_another_branch_goes_to_the_one_of_the_settings(work: BotWork):
    git(work, "checkout", "-q", "-b", "try")
    work.prepare()
    assert "The checkout is on branch try and goes to main." in work.sentences(build=False)

    work.update(build=False)

    assert git(work, "rev-parse", "--abbrev-ref", "HEAD") == "main"
    assert git(work, "rev-parse", "try") == git(work, "rev-parse", "start"), "the other branch stays"


def test_upstream_away_is_told_and_the_state_is_shown_all_the_same(simulation: Simulation, work: BotWork):
    upstream = simulation.folder / "bot.git"
    upstream.rename(upstream.with_name("away"))
    try:
        with pytest.raises(Failed, match=r"upstream cannot be asked: .*bot\.git"):
            work.prepare()
        assert work.look(fetch=False).head == git(work, "rev-parse", "start")
    finally:
        upstream.with_name("away").rename(upstream)


def test_a_bot_that_does_not_stay_up_is_told_with_where_the_checkout_is(
    simulation: Simulation, work: BotWork, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tasks.bot.SETTLE_SECONDS", 120)  # it ends as soon as it is seen
    monkeypatch.setattr(BotRuns, "pause", 0.1)
    work.prepare()
    with simulation.fault("bot", "dies-at-start"), pytest.raises(Failed, match="bot-app-1"):
        work.update(build=True)

    assert work.left.startswith("Its checkout is at commit ")


def test_restart_and_log(work: BotWork):
    work.update(build=False)
    before = ssh.run(work.host, command("docker", "inspect", "-f", "{{.State.StartedAt}}", "bot-app-1"))

    said = work.restart()
    told = work.logs(5)

    after = ssh.run(work.host, command("docker", "inspect", "-f", "{{.State.StartedAt}}", "bot-app-1"))
    assert said == "The bot was restarted and runs: bot-app-1, bot-memory-1."
    assert before.stdout != after.stdout
    lines = [
        line["line"] for event in work.report.events if event.kind == "log" for line in event.data["lines"]
    ]
    assert any("bot: " in line for line in lines)
    assert told.endswith("lines of the bot's log were read.")


def test_the_bot_is_reached_as_its_own_user(work: BotWork, settings: Settings):
    assert ssh.run(work.host, command("bash", "-c", "echo $USER")).stdout == "bot\n"
    nobody = BotWork(Settings(settings.cluster), work.ledger, work.report)

    with pytest.raises(LookupError, match="there is no bot"):
        nobody.look(fetch=False)


def test_a_folder_that_is_no_checkout_is_said_in_words(work: BotWork):
    bot = work.settings.bot.model_copy(update={"directory": "~/nothing"})
    there = BotWork(Settings(work.settings.cluster, bot=bot), work.ledger, work.report)

    with pytest.raises(Failed, match="is no git checkout"):
        there.prepare()


@pytest.mark.parametrize(
    ("state", "code", "health", "well"),
    [
        ("running", 0, "", True),
        ("running", 0, "starting", True),
        ("running", 0, "unhealthy", False),
        ("exited", 0, "", True),
        ("exited", 1, "", False),
        ("restarting", 1, "", False),
        ("created", 0, "", False),
    ],
)
def test_a_container_is_as_it_should_be_or_not(state: str, code: int, health: str, well: bool):
    one = BotContainer("bot-app-1", "app", state, "", health, code, 0)

    assert BotRuns(Bot()).verdict(BotSeen(containers=(one,))).ok is well


def test_what_cannot_be_read_is_never_taken_for_a_state():
    for said in ("", "[]", '{"colour": 1}', '{"containers": [{}]}'):
        with pytest.raises(Unreadable):
            BotRuns(Bot()).read(Answer(0, said))


def test_a_checkout_without_news_can_be_updated_too():
    assert faults_of_update(BotSeen(behind=0)) == []


def test_lines_of_a_log_that_lost_its_beginning_are_told_once():
    assert fresh_lines("", "a\nb\n") == ["a", "b"]
    assert fresh_lines("a\nb\n", "a\nb\nc\n") == ["c"]
    assert fresh_lines("x" * 300 + "\nb\n", "x" * 250 + "\nb\nc\rd\n") == ["c", "d"]
    assert fresh_lines("a\n", "quite another\n") == ["quite another"]
