"""The speech container's server: transcription, diarization, voice prints and health over HTTP."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sound
import transcripts
from diarizer import Diarizer
from gpu import Failure, Gpu
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from uploads import LimitUploads, TooLarge

FILES = (
    "diarizer.py",
    "gpu.py",
    "main.py",
    "sound.py",
    "speech_models.py",
    "transcripts.py",
    "uploads.py",
)
"""The files of the patch, which lie beside this one."""

RETRY_SECONDS = {429: 5, 503: 30}
COPY_BYTES = 1024 * 1024


def limit(name: str, usual: int) -> int:
    """A limit from the container's environment; what is no number above 0 counts as not set."""
    value = os.environ.get(name, "")
    return int(value) if value.isdecimal() and int(value) > 0 else usual


UPLOAD_MB = limit("MAX_UPLOAD_MB", 512)
TRANSCRIBE_SECONDS = limit("MAX_TRANSCRIBE_SECONDS", 10_800)
DIARIZE_SECONDS = limit("MAX_DIARIZE_SECONDS", 3600)
GPU = Gpu(limit("MAX_WAITING", 16))


def patch_digest() -> str:
    """SHA-256 over the names and SHA-256 of the patch's files as this process has loaded them."""
    here = Path(__file__).parent
    sums = [f"{hashlib.sha256((here / name).read_bytes()).hexdigest()}  {name}\n" for name in FILES]
    return hashlib.sha256("".join(sums).encode()).hexdigest()


PATCH = patch_digest()


@dataclass(frozen=True)
class Recording:
    """An upload that was decoded: a WAV file, its seconds, and the form's other fields."""

    file: Path
    seconds: float
    fields: tuple[tuple[str, str], ...]


async def health(_: Request) -> Response:
    """What is loaded; 200 only when requests can be answered."""
    models = GPU.models
    said = {
        "status": GPU.state,
        "model_loaded": models is not None,
        "models": dict(models.names) if models else {},
        "memory": models.memory() if models and not GPU.fault else {},
        "waiting": GPU.waiting,
        "limits": {
            "upload_mb": UPLOAD_MB,
            "transcribe_seconds": TRANSCRIBE_SECONDS,
            "diarize_seconds": DIARIZE_SECONDS,
        },
        "patch": PATCH,
        "error": GPU.fault,
    }
    return JSONResponse(said, 200 if GPU.state == "ok" else 503)


async def list_models(_: Request) -> Response:
    """The models by their names, as OpenAI lists them."""
    names = GPU.models.names.values() if GPU.models else ()
    data = [{"id": name, "object": "model", "owned_by": name.partition("/")[0]} for name in names]
    return JSONResponse({"object": "list", "data": data})


async def transcribe(request: Request) -> Response:
    """Speech to text in the language that is spoken."""
    async with recording(request, TRANSCRIBE_SECONDS, "MAX_TRANSCRIBE_SECONDS") as sent:
        try:
            wish = transcripts.read_wish(sent.fields)
        except ValueError as error:
            raise Failure(400, str(error)) from None
        heard = await GPU.run(lambda models: models.transcribe(sent.file, sent.seconds))
    if wish.stream:
        return StreamingResponse(transcripts.events(heard), media_type="text/event-stream")
    if wish.form == "verbose_json":
        return JSONResponse(transcripts.verbose(wish, heard, sent.seconds))
    if wish.form == "json":
        return JSONResponse({"text": heard.text})
    text = f"{heard.text}\n" if wish.form == "text" else transcripts.subtitles(heard.segments, wish.form)
    return PlainTextResponse(text)


async def diarize(request: Request) -> Response:
    """Who speaks when."""
    async with recording(request, DIARIZE_SECONDS, "MAX_DIARIZE_SECONDS") as sent:
        said = await GPU.run(lambda models: Diarizer(models).diarize(sent.file, sent.seconds))
    return JSONResponse({**said, "models": {"diarization": GPU.models.names["diarization"]}})


async def diarize_chunk(request: Request) -> Response:
    """Who speaks when in one piece of a recording, and a voice print of each."""
    async with recording(request, DIARIZE_SECONDS, "MAX_DIARIZE_SECONDS") as sent:
        said = await GPU.run(lambda models: Diarizer(models).diarize_chunk(sent.file, sent.seconds))
    names = {what: GPU.models.names[what] for what in ("diarization", "voices")}
    return JSONResponse({**said, "models": names})


@asynccontextmanager
async def recording(request: Request, most_seconds: int, limit_name: str) -> AsyncIterator[Recording]:
    """The request's file, decoded; its copies on the disk are gone when the block ends."""
    form = await request.form()
    try:
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            raise Failure(400, "The form has no part named file with a recording in it")
        fields = tuple((name, value) for name, value in form.multi_items() if isinstance(value, str))
        with tempfile.TemporaryDirectory(prefix="speech-") as folder:
            sent, decoded = Path(folder) / "sent", Path(folder) / "decoded.wav"
            await asyncio.to_thread(_copy, upload, sent)
            seconds = await asyncio.to_thread(_decode, sent, decoded, most_seconds, limit_name)
            yield Recording(decoded, seconds, fields)
    finally:
        await form.close()


def _copy(upload: UploadFile, target: Path) -> None:
    with target.open("wb") as file:
        while block := upload.file.read(COPY_BYTES):
            file.write(block)


def _decode(sent: Path, decoded: Path, most_seconds: int, limit_name: str) -> float:
    try:
        seconds = sound.decode(sent, decoded, most_seconds)
    except sound.TooLong:
        message = (
            f"The recording is longer than {most_seconds} seconds ({limit_name}): send it in pieces, "
            "or raise that limit in the container's environment"
        )
        raise Failure(413, message) from None
    except sound.NotSound as error:
        raise Failure(400, str(error)) from None
    if not seconds:
        raise Failure(400, "The recording is empty")
    return seconds


def guarded(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The same handler, whose failures are answered in OpenAI's form."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except TooLarge:
            message = f"The upload is larger than {UPLOAD_MB} MB (MAX_UPLOAD_MB): send it in pieces"
            return refusal(413, message)
        except Failure as failure:
            return refusal(failure.status, str(failure))
        except ClientDisconnect:
            return refusal(400, "The upload has broken off")
        except HTTPException as error:  # a form that cannot be read
            return refusal(error.status_code, error.detail)

    return answer


def refusal(status: int, message: str) -> Response:
    """An error as OpenAI's clients read it."""
    usual = "server_error" if status >= 500 else "invalid_request_error"
    kind = "rate_limit_error" if status == 429 else usual
    error: dict[str, Any] = {"message": message, "type": kind, "param": None, "code": None}
    retry = RETRY_SECONDS.get(status)
    return JSONResponse({"error": error}, status, {"Retry-After": str(retry)} if retry else None)


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    """Load the models while health already tells so."""
    GPU.load()
    yield
    GPU.close()


ROUTES = [
    Route("/health", health),
    Route("/v1/models", list_models),
    Route("/v1/audio/transcriptions", guarded(transcribe), methods=["POST"]),
    Route("/v1/audio/diarize", guarded(diarize), methods=["POST"]),
    Route("/v1/audio/diarize-chunk", guarded(diarize_chunk), methods=["POST"]),
]
app = LimitUploads(Starlette(routes=ROUTES, lifespan=lifespan), UPLOAD_MB * 1024 * 1024)

if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, host="0.0.0.0", port=limit("PORT", 8000))  # noqa: S104 - docker publishes the port
