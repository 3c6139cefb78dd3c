"""What a file of the speech container is to ours, and which service is patched."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.cluster import Cluster
from blocks.patches import WORST, SpeechPatches, file_sentences, judged, patch_digest, sha256, worst

OURS, BASE, OTHER, ORIGINAL = ("1" * 64, "2" * 64, "3" * 64, "4" * 64)


@pytest.mark.parametrize(
    ("found", "original", "state"),
    [
        ("", "", "missing"),
        ("", ORIGINAL, "missing"),
        (OURS, "", "in_sync"),
        (OURS, ORIGINAL, "in_sync"),
        (BASE, "", "drift"),
        (OTHER, ORIGINAL, "drift"),
        (OTHER, "", "unknown_base"),
    ],
)
def test_a_file_is_ours_absent_known_or_unknown(found: str, original: str, state: str):
    assert judged("main.py", OURS, found, original, [BASE]).state == state


def test_what_is_done_is_said_once_for_all_files_of_a_kind():
    files = [
        judged("a.py", OURS, "", "", []),
        judged("b.py", OURS, "", "", []),
        judged("c.py", OURS, "", "", []),
        judged("d.py", OURS, OTHER, ORIGINAL, []),
        judged("e.py", OURS, OTHER, "", []),
        judged("f.py", OURS, OURS, "", []),
    ]

    assert file_sentences(files) == [
        "Put a.py, b.py and c.py there, which the container has not.",
        "Put ours in the place of d.py.",
        "Put ours in the place of e.py, which nobody knows.",
        "What was there before is kept beside it (e.py).",
    ]
    assert file_sentences(files[-1:]) == []


@given(st.lists(st.sampled_from(WORST)))
def test_the_whole_is_as_bad_as_its_worst_file(states: list):
    assert worst(states) == (max(states, key=WORST.index) if states else "in_sync")


def test_the_digest_is_that_of_sha256sums_own_lines_in_order_of_names():
    lines = f"{'b' * 64}  a.py\n{'a' * 64}  b.py\n".encode()

    assert patch_digest({"b.py": "a" * 64, "a.py": "b" * 64}) == hashlib.sha256(lines).hexdigest()
    assert sha256("é") == hashlib.sha256("é".encode()).hexdigest()


def cluster(**patches: object) -> Cluster:
    host = {"name": "spark-1", "address": "192.0.2.1"}
    services = [
        {"name": name, "kind": kind, "host": "spark-1", "port": port, "container": name}
        for name, kind, port in (("a", "http", 1), ("b", "stt", 2), ("c", "stt", 3))
    ]
    return Cluster.model_validate({"hosts": [host], "services": services, "speech_patches": patches})


def test_the_service_that_is_patched_is_the_one_named_for_it_or_the_first_that_hears():
    assert cluster().patched.name == "b"
    assert cluster(service="c").patched.name == "c"
    with pytest.raises(LookupError, match="there is no service named 'd'"):
        _ = cluster(service="d").patched
    with pytest.raises(LookupError, match="no service of kind 'stt'"):
        _ = Cluster().patched


@pytest.mark.parametrize(
    "bad",
    [{"service": "a; rm -rf /"}, {"directory": "/app/../etc"}, {"directory": "app"}, {"memory_gib": -1}],
)
def test_settings_that_could_reach_elsewhere_are_refused(bad: dict):
    with pytest.raises(ValueError, match="validation error"):
        SpeechPatches.model_validate(bad)
