"""Trying things out: each card asks as an application would, shows what came, and says what is wrong."""

import asyncio
import json
import struct
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from gateway.options import Options
from gateway.redaction.options import RedactionOptions
from tests.gateway.conftest import cluster_document
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream

MARKUP = "<b>bold</b> <img src=x onerror=alert(1)>"
SOUND = b"RIFF" + struct.pack("<I", 236) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
SOUND += b"data" + struct.pack("<I", 200) + bytes(200)
WAV = b"HTTP/1.1 200 OK\r\ncontent-type: audio/wav\r\n"
REFUSED = b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"


class Services:
    """All services behind one port; what they were asked, by path."""

    def __init__(self) -> None:
        self.asked: dict[str, bytes] = {}
        self.go_on = asyncio.Event()
        self.refuses = False

    async def answer(self, call: Call) -> None:
        path = call.line.split()[1].decode()
        self.asked[path] = call.body
        if self.refuses:
            await call.answer(json.dumps({"error": {"message": f"No: {MARKUP}"}}).encode(), REFUSED)
        elif path == "/v1/chat/completions":
            await self._chat(call)
        elif path == "/v1/audio/speech":
            await call.answer(SOUND, WAV)
        else:
            await call.answer(json.dumps(ANSWERS[path]).encode())

    async def _chat(self, call: Call) -> None:
        await call.begin_stream()
        await call.chunk(_event({"choices": [{"delta": {"reasoning_content": "Hm."}}]}))
        await call.chunk(_event({"choices": [{"delta": {"content": f"Because {MARKUP}"}}]}))
        await self.go_on.wait()
        await call.chunk(_event({"choices": [], "usage": {"completion_tokens": 42}}))
        await call.send(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")


ANSWERS = {
    "/v1/audio/voices": {"voices": [{"id": "af_heart", "name": "Heart"}, "plain"]},
    "/v1/audio/transcriptions": {"text": f"Good morning {MARKUP}"},
    "/v1/embeddings": {"data": [{"embedding": [1, 0]}, {"embedding": [1, 1]}]},
}


def _event(data: object) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


@pytest.fixture
def services(upstream: FakeUpstream) -> Services:
    services = Services()
    upstream.script = services.answer
    return services


@pytest.fixture
def prefect(prefect: FakePrefect, upstream: FakeUpstream) -> FakePrefect:
    ports = dict.fromkeys(("parakeet", "kokoro", "embeddings"), upstream.port)
    prefect.documents["cluster"] = cluster_document(upstream.port, **ports)
    return prefect


@pytest.fixture
def options(options: Options, tmp_path: Path) -> Options:
    redaction = RedactionOptions(map_db=tmp_path / "map.db", key_file=tmp_path / "keys/key")
    return Options(**{**vars(options), "redaction": redaction})


@pytest_asyncio.fixture(loop_scope="session")
async def pane(page: Page, services: Services) -> Page:
    await page.get_by_role("link", name="Try it").click()
    await expect(page.get_by_role("button", name="Ask")).to_be_enabled()
    return page


def card(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


async def test_a_chat_is_streamed_measured_and_can_be_stopped(pane: Page, services: Services):
    chat = card(pane, "Chat")
    await chat.get_by_label("Your question").fill("Why?")
    await chat.get_by_role("button", name="Ask").click()
    await expect(chat.get_by_role("log")).to_contain_text(f"Because {MARKUP}")
    services.go_on.set()
    await expect(chat).to_contain_text("First word after")
    await expect(chat).to_contain_text("42 in all")
    asked = json.loads(services.asked["/v1/chat/completions"])
    assert (asked["model"], asked["stream"]) == ("alpha", True)

    services.go_on.clear()
    await chat.get_by_label("Your question").fill("And then?")
    await chat.get_by_role("button", name="Ask").click()
    await expect(chat.get_by_role("article")).to_have_count(2)
    await expect(chat.get_by_role("article").nth(1)).to_contain_text("Because")
    await chat.get_by_role("button", name="Stop: Chat").click()
    await expect(chat).to_contain_text("Stopped.")
    said = json.loads(services.asked["/v1/chat/completions"])["messages"]
    assert [turn["role"] for turn in said] == ["user", "assistant", "user"]
    assert await pane.locator("#view b, #view img").count() == 0


async def test_speech_is_heard_a_recording_written_down_and_two_sentences_compared(
    pane: Page, services: Services
):
    speech = card(pane, "Text to speech")
    await speech.get_by_label("Voice").select_option("Heart")
    await speech.get_by_role("button", name="Speak").click()
    await expect(speech).to_contain_text("Ready after")
    asked = json.loads(services.asked["/v1/audio/speech"])
    assert (asked["voice"], asked["response_format"]) == ("af_heart", "wav")
    await pane.wait_for_function("document.querySelector('audio').duration > 0")

    hearing = card(pane, "Speech to text")
    file = {"name": "talk.wav", "mimeType": "audio/wav", "buffer": SOUND}
    await hearing.get_by_label("Recording").set_input_files(file)  # type: ignore[arg-type]
    await hearing.get_by_role("button", name="Write down").click()
    await expect(hearing.get_by_role("region", name="What was said")).to_have_text(f"Good morning {MARKUP}")
    assert SOUND in services.asked["/v1/audio/transcriptions"]

    alike = card(pane, "Embeddings")
    await alike.get_by_role("button", name="Compare").click()
    await expect(alike).to_contain_text("71 of 100 alike: about the same thing.")
    assert len(json.loads(services.asked["/v1/embeddings"])["input"]) == 2
    assert await pane.locator("#view b, #view img").count() == 0


async def test_speakers_are_told_apart_where_the_gateway_can_and_the_microphone_needs_https(
    page: Page, services: Services
):
    said = {"speaker": "speaker_1", "start_ms": 61000, "text": MARKUP}
    answer = {"segments": [said, {**said, "speaker": None}], "warnings": ["Two talked at once."]}
    await page.route(
        "**/api/audio/transcribe-with-speakers",
        lambda route: route.fulfill(json=answer) if route.request.method == "POST" else route.fulfill(),
    )
    await page.evaluate("Object.defineProperty(window, 'isSecureContext', {value: false})")
    await page.get_by_role("link", name="Try it").click()
    hearing = card(page, "Speech to text")
    await expect(hearing).to_contain_text("The microphone works only where this page is opened by https")
    file = {"name": "talk.wav", "mimeType": "audio/wav", "buffer": SOUND}
    await hearing.get_by_label("Recording").set_input_files(file)  # type: ignore[arg-type]
    await hearing.get_by_label("Tell the speakers apart").check()
    await hearing.get_by_role("button", name="Write down").click()
    heard = hearing.get_by_role("region", name="What was said")
    for words in ("Two talked at once.", f"speaker_1 1:01{MARKUP}", "Nobody knows who 1:01"):
        await expect(heard).to_contain_text(words)
    assert await page.locator("#view b, #view img").count() == 0


async def test_a_text_is_redacted_put_back_and_forgotten(pane: Page):
    redaction = card(pane, "Redaction")
    await redaction.get_by_label("A text").fill(f"Write to maria.keller@example.com {MARKUP}")
    await redaction.get_by_role("button", name="Redact", exact=True).click()
    await expect(redaction.locator("mark")).to_have_text("[EMAIL_1]")
    await expect(redaction).to_contain_text("mail address: 1")
    await redaction.get_by_label("An answer with these marks").fill("Sent to [EMAIL_1], not to [EMAIL_7].")
    await redaction.get_by_role("button", name="Put the originals back").click()
    await expect(redaction).to_contain_text("Sent to maria.keller@example.com, not to [EMAIL_7].")
    await expect(redaction).to_contain_text("1 mark put back. Not given out by this task: [EMAIL_7].")

    async with pane.expect_response("**/scrub/*") as forgotten:
        await redaction.get_by_role("button", name="Forget").click()
    assert (await (await forgotten.value).json())["deleted"] is True
    await expect(redaction).to_contain_text("Forgotten: these marks cannot be put back any more.")
    assert await pane.locator("#view b, #view img").count() == 0


async def test_each_card_says_in_words_what_is_wrong_or_down(
    pane: Page, services: Services, upstream: FakeUpstream
):
    await pane.set_viewport_size({"width": 390, "height": 844})
    services.refuses = True
    for title, press in (("Chat", "Ask"), ("Text to speech", "Speak"), ("Embeddings", "Compare")):
        await card(pane, title).get_by_role("button", name=press, exact=True).click()
        await expect(card(pane, title).get_by_role("alert")).to_have_text(f"No: {MARKUP}")
    assert await pane.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await upstream.stop()
    await expect(card(pane, "Text to speech")).to_contain_text("The service for speech is down:")
    await expect(card(pane, "Text to speech").get_by_role("button", name="Speak")).to_be_disabled()
    await expect(card(pane, "Chat")).to_contain_text("No model is loaded: switch to one first.")
