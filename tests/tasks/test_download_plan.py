"""Who downloads and who gets a copy, the room for it, and the Hub's answers, as values."""

import json

import pytest

from blocks.menu import OnDisk
from tasks.check import Answer, Unreadable
from tasks.download_plan import HostSeen, Leg, faults_of_room, plan_legs, sentences, spans
from tasks.hub import HubRepo, Refused, ask_command, failure, read_repo, require_access, worth_another_try
from tasks.measure import Measured
from tasks.transfer import Rate

GB = 10**9
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB = HubRepo(COMMIT, {"a": 60 * GB}, {"blob": 60 * GB})


def seen(arrived: float = 0, *, complete: bool = False, free: float = 500, disk: float = 0) -> HostSeen:
    copy = (
        OnDisk("org/name", 1, complete, COMMIT, disk_bytes=int((disk or arrived) * GB)) if arrived else None
    )
    return HostSeen(Measured(int(arrived * GB), int(free * GB), "/home/u/.local/bin/uvx", "/cache"), copy)


def test_nothing_anywhere_is_downloaded_once_and_copied():
    legs = plan_legs({"one": seen(), "two": seen()}, ["one", "two"], HUB, "copy")

    assert legs == [Leg("", "one", 60 * GB), Leg("one", "two", 60 * GB)]


def test_each_host_downloads_for_itself_when_that_is_wanted():
    legs = plan_legs({"one": seen(), "two": seen(20)}, ["one", "two"], HUB, "each")

    assert legs == [Leg("", "one", 60 * GB), Leg("", "two", 40 * GB)]


def test_the_host_that_has_most_of_it_goes_on():
    legs = plan_legs({"one": seen(5), "two": seen(20)}, ["one", "two"], HUB, "copy")

    assert legs == [Leg("", "two", 40 * GB), Leg("two", "one", 55 * GB)]


def test_a_host_that_is_whole_gives_its_copy_and_nobody_downloads():
    hosts = {"one": seen(), "two": seen(60, complete=True)}

    assert plan_legs(hosts, ["one"], HUB, "copy") == [Leg("two", "one", 60 * GB)]
    assert plan_legs(hosts, ["two"], HUB, "copy") == []


def test_a_copy_of_which_the_hub_lists_more_is_not_whole():
    hosts = {"one": seen(59, complete=True)}

    assert plan_legs(hosts, ["one"], HUB, "copy") == [Leg("", "one", 1 * GB)]
    assert plan_legs(hosts, ["one"], None, "copy") == []


def test_without_the_hub_the_size_is_not_known_and_that_is_said():
    hosts = {"one": seen(), "two": seen()}
    legs = plan_legs(hosts, ["one", "two"], None, "copy")

    said = sentences("org/name", legs, hosts, "no line")

    assert [leg.bytes for leg in legs] == [None, None]
    assert said[0] == "Download an unknown size of org/name to one, which has 500.0 GB free."
    assert "not known beforehand (no line)" in said[2]


def test_a_disk_must_have_room_to_spare():
    hosts = {"one": seen(free=69)}
    legs = plan_legs(hosts, ["one"], HUB, "copy")

    assert "one has 69.0 GB free and needs 60.0 GB for it" in faults_of_room(legs, hosts)[0]
    assert faults_of_room(legs, {"one": seen(free=70)}) == []


def test_progress_is_shared_by_the_time_each_way_takes():
    low, high = spans([Leg("", "one", 60), Leg("one", "two", 60)])

    assert low == pytest.approx((0.02, 0.8927), abs=0.001)
    assert high == pytest.approx((0.8927, 0.98), abs=0.001)


def test_the_rate_is_that_of_the_last_seconds():
    rate = Rate()

    assert rate.add(0, 0) == 0
    assert rate.add(10, 1000) == 100
    assert rate.add(30, 1000) == pytest.approx(0)
    assert rate.add(40, 500) == 0


def test_the_token_is_in_no_argument():
    asked = ask_command("org/name/auth-check", "hf_secret")

    assert "hf_secret" not in asked.line
    assert "hf_secret" in asked.stdin


def test_the_list_of_the_hub_is_read():
    siblings = [
        {"rfilename": "config.json", "size": 5, "blobId": "b1"},
        {"rfilename": "m.safetensors", "size": 90, "blobId": "b2", "lfs": {"sha256": "s2", "size": 90}},
    ]

    assert read_repo(json.dumps({"sha": COMMIT, "siblings": siblings})) == HubRepo(
        COMMIT, {"config.json": 5, "m.safetensors": 90}, {"b1": 5, "s2": 90}
    )


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"sha": "main", "siblings": []}', '{"sha": 5, "siblings": [1]}']
)
def test_a_list_that_cannot_be_read_is_unreadable(body: str):
    with pytest.raises(Unreadable):
        read_repo(body)


@pytest.mark.parametrize(
    ("ending", "token", "words"),
    [
        ("401 GatedRepo", False, "is gated: its owner wants its terms accepted"),
        ("403 GatedRepo", True, "by the account of the token in"),
        (
            "404 RepoNotFound",
            False,
            "there is no repository org/name on the Hugging Face Hub, or it is private",
        ),
        ("404 RepoNotFound", True, "or the token may not see it"),
        ("404 RevisionNotFound", True, "has no revision 'v2'"),
        ("401 ", True, "the Hub does not accept the token"),
    ],
)
def test_a_no_of_the_hub_is_said_in_plain_words(ending: str, token: bool, words: str):
    wrong = "Invalid credentials in Authorization header"
    body = json.dumps({"error": wrong if ending == "401 " else "no"})

    with pytest.raises(Refused, match=r"Hub|gated|revision") as refused:
        require_access(Answer(0, f"{body}\n{ending}"), "org/name", "v2", token=token)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "said",
    [Answer(6, "\n000 ", "curl: (6) no such host"), Answer(0, "oops\n503 "), Answer(127, "", "no curl")],
)
def test_a_hub_that_cannot_be_asked_is_unreadable(said: Answer):
    with pytest.raises(Unreadable):
        require_access(said, "org/name", "", token=False)


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("OSError: [Errno 28] No space left on device: '/x'", "the disk of two is full"),
        ("spark@10.0.0.2: Permission denied (publickey).", "one may not log in to two by SSH"),
        ("ssh: connect to host x port 22: No route to host", "one cannot reach two"),
        ("PermissionError: [Errno 13] Permission denied: '/x'", "files of another user"),
        ("something\r 50%\nodd happened\n", "odd happened"),
        ("", "it ended without a word"),
    ],
)
def test_the_end_of_a_log_is_said_in_plain_words(log: str, words: str):
    assert words in failure(log, "one", "two")
    assert not worth_another_try(log)
