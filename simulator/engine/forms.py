"""Read multipart/form-data as speech clients send it."""

import re
from dataclasses import dataclass, field

from simulator.engine.http import Request
from simulator.engine.service import Refusal, openai_error

_NAME = re.compile(rb'[; ]name="([^"]*)"')
_FILENAME = re.compile(rb'filename="([^"]*)"')


@dataclass(slots=True)
class Form:
    """Fields by name, each with all its values, and the one file."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    file: bytes | None = None
    filename: str = ""

    def get(self, name: str, default: str = "") -> str:
        """The last value of a field."""
        return self.fields.get(name, [default])[-1]

    def every(self, name: str) -> list[str]:
        """All values of a list field, sent with brackets, without, or joined by commas."""
        sent = self.fields.get(f"{name}[]", []) + self.fields.get(name, [])
        return [part.strip() for value in sent for part in value.split(",") if part.strip()]


def read_form(request: Request) -> Form:
    """The form of a request; raises Refusal 400 when it is none, 422 when it has no file."""
    if not _boundary(request):
        raise Refusal(400, openai_error("multipart/form-data expected"))
    form = read_parts(request)
    if form.file is None:
        missing = {"type": "missing", "loc": ["body", "file"], "msg": "Field required"}
        raise Refusal(422, {"detail": [missing]})
    return form


def read_parts(request: Request) -> Form:
    """The parts of a form, with or without a file; none when the request is no form."""
    boundary = _boundary(request)
    form = Form()
    if not boundary:
        return form
    # The first delimiter has no line break before it.
    parts = (b"\r\n" + request.body).split(b"\r\n--" + boundary.encode())
    for part in parts[1:]:
        head, blank, value = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not blank or name is None:
            continue
        filename = _FILENAME.search(head)
        if filename is not None:
            form.file, form.filename = value, filename[1].decode("utf-8", "replace")
        else:
            text = value.decode("utf-8", "replace")
            form.fields.setdefault(name[1].decode(), []).append(text)
    return form


def _boundary(request: Request) -> str:
    """What stands between the parts; blank when the request is no form."""
    found = re.search(r'boundary="?([^";]+)"?', request.headers.get("content-type", ""))
    return found[1] if found else ""
