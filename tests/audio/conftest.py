"""The gateway before a speech service that knows what is said."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from blocks.ledger.migrate import migrate
from gateway.audio.options import AudioOptions
from gateway.options import Options
from tests.audio.fake_speech import FakeSpeech
from tests.gateway.conftest import Running, cluster_document
from tests.gateway.fake_prefect import FakePrefect

PIECE_SECONDS = 20.0
CHUNK_SECONDS = 30.0
RECORDING_SECONDS = 120.0
UPLOAD_LIMIT = 8 * 1024 * 1024


@dataclass
class House:
    """What the tests share."""

    speech: FakeSpeech
    prefect: FakePrefect
    http: httpx.Client

    def transcribe(self, sound: bytes, name: str = "talk.wav", **fields: Any) -> httpx.Response:
        files = {"file": (name, sound)}
        return self.http.post("/api/audio/transcribe-with-speakers", data=fields, files=files)


@contextmanager
def house_with(speech: FakeSpeech, audio: AudioOptions, folders: pytest.TempPathFactory) -> Iterator[House]:
    """A gateway before that service."""
    url = f"sqlite:///{folders.mktemp('audio')}/ledger.db"
    migrate(url)
    prefect = FakePrefect()
    prefect.documents["cluster"] = cluster_document(9, parakeet=speech.port)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_API_URL", prefect.url)
        options = Options(
            prefect_url=prefect.url, ledger_url=url, access_log="off", audio=audio, drain_seconds=1.0
        )
        gateway = Running(options)
        gateway.start()
        with httpx.Client(base_url=gateway.url, timeout=60) as http:
            yield House(speech, prefect, http)
        gateway.stop()
    prefect.close()


@pytest.fixture(scope="package")
def one_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    speech = FakeSpeech()
    audio = AudioOptions(
        diarize_seconds=CHUNK_SECONDS,
        piece_seconds=PIECE_SECONDS,
        recording_seconds=RECORDING_SECONDS,
        upload_limit=UPLOAD_LIMIT,
    )
    with house_with(speech, audio, tmp_path_factory) as house:
        yield house
    speech.close()


@pytest.fixture
def house(one_house: House) -> House:
    one_house.speech.reset()
    one_house.prefect.created.clear()
    return one_house
