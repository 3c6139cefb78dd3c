"""The dashboard's files, read once; the browser may load nothing else."""

from pathlib import Path

from litestar import Response, get
from litestar.params import FromPath

from gateway.problem import Problem

_FOLDER = Path(__file__).with_name("dashboard")
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
_FILES = {path.name: path.read_bytes() for path in _FOLDER.iterdir() if path.suffix in _KINDS}

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-cache",
}


@get("/", include_in_schema=False)
async def dashboard() -> Response[bytes]:
    """The page."""
    return _file("index.html")


@get("/dashboard/{name:str}", include_in_schema=False)
async def dashboard_file(name: FromPath[str]) -> Response[bytes]:
    """One of its files."""
    return _file(name)


def _file(name: str) -> Response[bytes]:
    if name not in _FILES:
        raise Problem(404, f"the dashboard has no file {name!r}", "not_found")
    return Response(_FILES[name], media_type=_KINDS[Path(name).suffix], headers=HEADERS)
