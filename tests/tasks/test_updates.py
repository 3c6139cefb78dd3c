"""The launcher's news, and the image after an update, on simulated hosts and a ledger."""

from pathlib import Path

import pytest

from blocks.ledger.migrate import migrate
from blocks.ledger.store import Ledger
from tasks import ssh
from tasks.check import Answer, Unreadable, command
from tasks.checks.launcher import ImageSeen, LauncherUpToDate, before_tag
from tasks.preflight import ask_at_once as ask
from tasks.updated_image import UpdatedImage, last_update, mark_tried, note_update, take_back_untried
from tests.tasks.simulated import Sparks, sparks_in


@pytest.fixture(scope="module")
def sparks(tmp_path_factory: pytest.TempPathFactory):
    """A pair of Sparks for this file."""
    with sparks_in(tmp_path_factory.mktemp("sparks")) as pair:
        yield pair


@pytest.fixture
def ledger(tmp_path: Path):
    """An empty ledger."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    migrate(url)
    opened = Ledger(url)
    yield opened
    opened.close()


def launcher(sparks: Sparks) -> Path:
    return sparks.simulation.home() / "spark-vllm-docker"


def news(sparks: Sparks, *, fetch: bool = True):
    return ask([(sparks.cluster.hosts[0], LauncherUpToDate("~/spark-vllm-docker", fetch=fetch))])[0]


def on_host(sparks: Sparks, *words: str) -> str:
    return ssh.run(sparks.cluster.hosts[0], command(*words)).stdout.strip()


def test_the_commits_behind_are_told_without_a_change_to_the_checkout(sparks: Sparks):
    before = {path: path.stat().st_mtime_ns for path in sorted(launcher(sparks).rglob("*"))}

    found = news(sparks)

    assert (found.seen.behind, found.seen.ahead, found.seen.branch) == (3, 0, "main")
    assert found.seen.commits[0]["subject"] == "launch-cluster: say which node lacks the image"
    assert found.verdict.ok
    assert {path: path.stat().st_mtime_ns for path in sorted(launcher(sparks).rglob("*"))} == before
    assert news(sparks, fetch=False).seen == found.seen


def test_local_changes_and_own_commits_are_named_and_forbid_an_update(sparks: Sparks):
    script = launcher(sparks) / "launch-cluster.sh"
    text = script.read_text()
    script.write_text(f"{text}# mine\n")
    try:
        assert news(sparks).seen.dirty == ("launch-cluster.sh",)
        assert "local changes in launch-cluster.sh" in news(sparks).verdict.faults[0]
        who = ("-c", "user.name=a", "-c", "user.email=a@example.invalid")
        on_host(sparks, "git", "-C", str(launcher(sparks)), *who, "commit", "-qam", "mine")
        assert "1 commits of its own" in news(sparks).verdict.faults[0]
    finally:
        on_host(sparks, "git", "-C", str(launcher(sparks)), "reset", "-q", "--hard", "start")


def test_an_upstream_that_is_away_is_said_and_what_is_known_stays_known(sparks: Sparks):
    upstream = sparks.simulation.folder / "launcher.git"
    upstream.rename(upstream.with_name("away"))
    try:
        found = news(sparks)
        assert "upstream cannot be asked" in found.verdict.faults[0]
        assert found.seen.head
    finally:
        upstream.with_name("away").rename(upstream)


def test_a_folder_that_is_no_checkout_is_said_in_words(sparks: Sparks):
    found = ask([(sparks.cluster.hosts[0], LauncherUpToDate("~/models"))])[0]

    assert "no git checkout" in found.verdict.faults[0]


@pytest.mark.parametrize("said", ["", "[]", "null", '{"colour": 1}', '{"dirty": 3}'])
def test_news_that_cannot_be_read_are_none(said: str):
    with pytest.raises(Unreadable):
        LauncherUpToDate("~/x").read(Answer(0, said))


@pytest.mark.parametrize(
    ("image", "kept"),
    [
        ("vllm-node", "vllm-node:before-update"),
        ("vllm-node:exp", "vllm-node:before-update"),
        ("registry:5000/vllm", "registry:5000/vllm:before-update"),
    ],
)
def test_the_image_from_before_is_kept_under_a_name_of_its_own(image: str, kept: str):
    assert before_tag(image) == kept


def renew(sparks: Sparks) -> tuple[str, str]:
    """Put another image in the place of vllm-node on both hosts; its ids before and after."""
    host = sparks.cluster.hosts[0]
    before = ask([(host, ImageSeen("vllm-node"))])[0].seen[0]
    for one in sparks.cluster.hosts:
        ssh.run(one, command("docker", "tag", "vllm-node", "vllm-node:before-update"))
        ssh.run(one, command("docker", "tag", "qdrant", "vllm-node"))
    return before, ask([(host, ImageSeen("vllm-node"))])[0].seen[0]


def test_the_first_failed_start_on_a_new_image_puts_the_old_one_back_on_every_host(sparks, ledger):
    before, after = renew(sparks)
    note_update(ledger, UpdatedImage("vllm-node", before, after))

    said = take_back_untried(ledger, sparks.cluster.hosts, after)

    assert said == "The image vllm-node from before the update is in use again."
    seen = [reply.seen[0] for reply in ask([(h, ImageSeen("vllm-node")) for h in sparks.cluster.hosts])]
    assert seen == [before, before]
    assert take_back_untried(ledger, sparks.cluster.hosts, after) == "", "once is enough"


def test_an_image_on_which_a_model_answered_is_kept_whatever_fails_later(sparks, ledger):
    note_update(ledger, UpdatedImage("vllm-node", "sha256:old", "sha256:new"))

    mark_tried(ledger, "sha256:other")
    assert last_update(ledger).tried is False
    mark_tried(ledger, "sha256:new")

    assert take_back_untried(ledger, sparks.cluster.hosts, "sha256:new") == ""


def test_an_old_image_that_is_gone_cannot_come_back_and_that_is_said(sparks, ledger):
    gone = UpdatedImage("vllm-node", f"sha256:{'9' * 64}", "sha256:new")
    note_update(ledger, gone)

    assert "does not hold it any more" in take_back_untried(ledger, sparks.cluster.hosts, "sha256:new")
