"""What a pull and the log of a NIM say, and the words that start one."""

import pytest

from blocks.nim import chosen_nim
from tasks.check import Answer, Unreadable
from tasks.checks.nim import CacheOwned, PullProgress, run_words, why_ended


def test_layers_are_counted_as_they_come():
    progress = PullProgress()
    for line in ("latest: Pulling from nim", "aaaaaa: Pulling fs layer", "bbbbbb: Already exists"):
        progress.feed(line)
    assert progress.fraction == 0.5
    progress.feed("aaaaaa: Pull complete")
    assert progress.fraction == 1.0


def test_the_first_known_cause_is_told_else_the_last_line():
    assert why_ended(["a", "OSError: No space left on device", "b"]).startswith("the disk is full (OSError")
    assert why_ended(["a", "b", " "]) == "b"
    assert why_ended([]) == ""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("error: Permission denied (os error 13): /opt/nim/.cache/ngc", "it may not write the folder"),
        ("HTTP 401 Unauthorized", "NVIDIA refuses the NGC key"),
        ("Detected 0 compatible profile(s)", "it has no build for this GPU"),
        ("torch.OutOfMemoryError: CUDA out of memory", "there was not enough memory"),
        ("ManifestDownloadError: timeout", "its model could not be downloaded"),
    ],
)
def test_known_causes_are_told_in_plain_words(line: str, words: str):
    assert why_ended(["started", line, "exiting"]).startswith(words)


def test_no_word_that_starts_a_nim_is_secret_or_brings_it_back_by_itself():
    words = run_words(chosen_nim("magpie"), "magpie", 9100, "~/.cache/nim/magpie", "mark=1")

    assert "--restart" not in words
    assert "-e" not in words
    assert words[words.index("-p") + 1] == "9100:9000"
    assert words[-1] == chosen_nim("magpie").image


def test_an_owner_that_cannot_be_read_is_none():
    check = CacheOwned("~/.cache/nim/x", "image")
    assert check.read(Answer(0, "")) is None
    assert check.verdict(1000).ok
    for answer in (Answer(1, "", "Permission denied"), Answer(0, "root")):
        with pytest.raises(Unreadable):
            check.read(answer)
