"""The model's name in a multipart body that passes by: replaced, and every other byte unchanged (pure)."""

import re
from collections.abc import Callable

_BOUNDARY = re.compile(rb'boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_NAME = re.compile(
    rb'^content-disposition:\s*form-data\s*;(?:[^\r\n]*;)?\s*name="?model"?\s*(?:;|\r\n|$)',
    re.IGNORECASE | re.MULTILINE,
)
_LONGEST_HEADERS = 16 * 1024
_LONGEST_NAME = 1024


def boundary_of(content_type: bytes) -> bytes | None:
    """The boundary that a Content-Type of multipart/form-data names."""
    if not content_type.lower().startswith(b"multipart/form-data"):
        return None
    found = _BOUNDARY.search(content_type)
    return (found[1] or found[2]) if found else None


class ModelField:
    """
    Replaces the value of the form field `model`.

    What cannot be understood passes as it is: the service will say what is wrong with it.

    Args:
        rename: The model's name to the one that is sent.
    """

    def __init__(self, boundary: bytes, rename: Callable[[str], str]) -> None:
        self._delimiter = b"\r\n--" + boundary
        self._rename = rename
        self._kept = b"\r\n"  # the first delimiter has no line before it
        self._added = 2
        self._state = self._in_content

    def feed(self, data: bytes, *, more: bool) -> bytes:
        """What can be sent on, given the next part of the body; at its end, all that is left."""
        self._kept += data
        out: list[bytes] = []
        while self._state(out):
            pass
        if not more:
            out.append(self._kept)
            self._kept = b""
        passed = b"".join(out)
        if self._added:
            taken = min(self._added, len(passed))
            passed, self._added = passed[taken:], self._added - taken
        return passed

    def _in_content(self, out: list[bytes]) -> bool:
        """Pass the content of a part, up to the next delimiter."""
        place = self._kept.find(self._delimiter)
        if place < 0:
            keep = len(self._delimiter) - 1
            self._pass(out, max(0, len(self._kept) - keep))
            return False
        self._pass(out, place + len(self._delimiter))
        self._state = self._in_headers
        return True

    def _in_headers(self, out: list[bytes]) -> bool:
        """Read the headers of a part; the last delimiter ends with two hyphens and has none."""
        end = self._kept.find(b"\r\n\r\n")
        if self._kept.startswith(b"--") or (end < 0 and len(self._kept) > _LONGEST_HEADERS):
            self._state = self._in_content
            return True
        if end < 0:
            return False
        headers = self._kept[:end]
        named = _NAME.search(headers) is not None and b"filename" not in headers.lower()
        self._pass(out, end + 4)
        self._state = self._in_name if named else self._in_content
        return True

    def _in_name(self, out: list[bytes]) -> bool:
        """Read the value of the field."""
        place = self._kept.find(self._delimiter)
        if place < 0 and len(self._kept) <= _LONGEST_NAME:
            return False
        if 0 < place <= _LONGEST_NAME:
            value = self._kept[:place]
            out.append(
                self._rename(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
            )
            self._kept = self._kept[place:]
        self._state = self._in_content
        return True

    def _pass(self, out: list[bytes], size: int) -> None:
        out.append(self._kept[:size])
        self._kept = self._kept[size:]
