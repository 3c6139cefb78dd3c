"""The dashboard's files, read and compressed once; the browser may load nothing else."""

import gzip
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from gateway.problem import Problem

_FOLDER = Path(__file__).with_name("dashboard")
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; "
        "media-src 'self' blob:; connect-src 'self'; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-cache",
    "vary": "accept-encoding",
}


@dataclass(frozen=True)
class _File:
    kind: str
    plain: bytes
    compressed: bytes
    tag: str


def _read(path: Path) -> _File:
    plain = path.read_bytes()
    tag = f'"{sha256(plain).hexdigest()[:20]}"'
    return _File(_KINDS[path.suffix], plain, gzip.compress(plain, mtime=0), tag)


_FILES = {
    path.relative_to(_FOLDER).as_posix(): _read(path)
    for path in sorted(_FOLDER.rglob("*"))
    if path.suffix in _KINDS
}


@get("/", include_in_schema=False)
async def dashboard(request: Request[Any, Any, Any]) -> Response[bytes | None]:
    """The page."""
    return _answer("index.html", request)


@get("/dashboard/{name:path}", include_in_schema=False)
async def dashboard_file(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes | None]:
    """One of its files."""
    return _answer(name.removeprefix("/"), request)


def _answer(name: str, request: Request[Any, Any, Any]) -> Response[bytes | None]:
    """The file, compressed for who takes that; 304 for who has it already."""
    file = _FILES.get(name)
    if file is None:
        raise Problem(404, f"the dashboard has no file {name!r}", "not_found")
    headers = {**HEADERS, "etag": file.tag}
    if request.headers.get("if-none-match") == file.tag:
        return Response(None, status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(file.compressed, media_type=file.kind, headers=headers)
    return Response(file.plain, media_type=file.kind, headers=headers)
