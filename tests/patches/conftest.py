"""The speech container's server over the stand-ins for NeMo, as it is imported in its container."""

import importlib
import math
import sys
import wave
from array import array
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.patches.nemo_world import Script, install

FOLDER = Path(__file__).resolve().parents[2] / "patches" / "parakeet"


@pytest.fixture
def script() -> Script:
    """What the models hear."""
    return Script()


@pytest.fixture
def module(script: Script, monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """Imports a file of the patch by its name, fresh in each test."""
    install(script, monkeypatch)
    monkeypatch.syspath_prepend(str(FOLDER))
    names = [file.stem for file in FOLDER.glob("*.py")]
    yield importlib.import_module
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def server(module):
    """A context that serves the container's app, its models loaded."""

    @asynccontextmanager
    async def serving(**limits: object) -> AsyncIterator[httpx.AsyncClient]:
        main = module("main")
        for name, value in limits.items():
            setattr(main, name, value)
        main.GPU.load()
        main.GPU._turn.submit(lambda: None).result(10)
        try:
            transport = httpx.ASGITransport(app=main.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://speech") as client:
                yield client
        finally:
            main.GPU.close()

    return serving


def tone(folder: Path, seconds: float, rate: int = 16_000, channels: int = 1) -> bytes:
    """A WAV file's bytes."""
    file = folder / f"tone-{rate}-{channels}.wav"
    samples = array(
        "h", [int(8000 * math.sin(n / 20)) for n in range(int(seconds * rate)) for _ in range(channels)]
    )
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(samples.tobytes())
    return file.read_bytes()


def form(folder: Path, seconds: float = 4.0, **more: object) -> dict:
    """The parts of a request with a recording."""
    return {"files": {"file": ("a.wav", tone(folder, seconds), "audio/x-wav")}, "data": more}
