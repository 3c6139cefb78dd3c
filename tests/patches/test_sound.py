"""Uploads decoded: what has our form is copied, the rest goes through a decoder; lengths are counted."""

import shutil
import struct
import subprocess
import sys
import types
from pathlib import Path

import pytest

from tests.patches.conftest import tone


@pytest.fixture
def sound(module):
    return module("sound")


def sent(folder: Path, content: bytes) -> Path:
    file = folder / "sent"
    file.write_bytes(content)
    return file


def test_a_wav_file_of_our_form_is_taken_as_it_is(sound, tmp_path: Path):
    target = tmp_path / "out.wav"

    seconds = sound.decode(sent(tmp_path, tone(tmp_path, 2)), target, 10)

    assert seconds == 2.0
    assert len(sound.read_samples(target)) == 32_000
    assert target.read_bytes() == tone(tmp_path, 2)


def test_the_size_that_a_stream_did_not_know_does_not_count(sound, tmp_path: Path):
    content = bytearray(tone(tmp_path, 2))
    content[4:8] = content[40:44] = struct.pack("<I", 0xFFFFFFFF)

    assert sound.decode(sent(tmp_path, bytes(content)), tmp_path / "out.wav", 10) == 2.0


def test_decoding_ends_soon_after_the_limit(sound, tmp_path: Path):
    target = tmp_path / "out.wav"
    with pytest.raises(sound.TooLong):
        sound.decode(sent(tmp_path, tone(tmp_path, 40)), target, 5)

    assert target.stat().st_size < 7 * 32_000


def test_without_any_decoder_it_is_said_what_can_be_read(sound, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setitem(sys.modules, "soundfile", None)

    with pytest.raises(sound.NotSound, match="16 kHz, mono, 16 bit"):
        sound.decode(sent(tmp_path, tone(tmp_path, 1, rate=8000)), tmp_path / "out.wav", 10)


def test_what_the_decoder_cannot_read_is_said_without_our_paths(sound, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)

    class SoundFile:
        def __init__(self, file: str) -> None:
            raise RuntimeError("Format not recognised.")

    module = types.ModuleType("soundfile")
    module.SoundFile = SoundFile
    signal = types.ModuleType("scipy.signal")
    signal.resample_poly = lambda heard, up, down: heard
    for name, stand_in in (
        ("soundfile", module),
        ("scipy", types.ModuleType("scipy")),
        ("scipy.signal", signal),
    ):
        monkeypatch.setitem(sys.modules, name, stand_in)

    with pytest.raises(sound.NotSound, match="Format not recognised"):
        sound.decode(sent(tmp_path, b"no sound"), tmp_path / "out.wav", 10)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
class TestWithFfmpeg:
    """Other forms, through the real decoder."""

    @pytest.mark.parametrize(
        ("suffix", "words"), [("mp3", []), ("webm", ["-c:a", "libopus"]), ("m4a", []), ("flac", [])]
    )
    def test_what_phones_and_browsers_send(self, sound, tmp_path: Path, suffix: str, words: list[str]):
        source, made = tmp_path / "in.wav", tmp_path / f"made.{suffix}"
        source.write_bytes(tone(tmp_path, 2, rate=44_100, channels=2))
        subprocess.run(["ffmpeg", "-v", "error", "-i", source, *words, made], check=True)

        assert sound.decode(made, tmp_path / "out.wav", 10) == pytest.approx(2.0, abs=0.15)

    def test_a_playlist_that_names_other_files_is_no_sound(self, sound, tmp_path: Path):
        source = tmp_path / "secret.wav"
        source.write_bytes(tone(tmp_path, 2, rate=8000))
        playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://{source}\n#EXT-X-ENDLIST\n"

        with pytest.raises(sound.NotSound):
            sound.decode(sent(tmp_path, playlist.encode()), tmp_path / "out.wav", 10)

    def test_too_long_for_the_limit_in_any_form(self, sound, tmp_path: Path):
        with pytest.raises(sound.TooLong):
            sound.decode(sent(tmp_path, tone(tmp_path, 8, rate=8000)), tmp_path / "out.wav", 3)
