"""A form with files, read as it comes: files go to disk, never into memory."""

from collections.abc import AsyncIterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
)

from gateway.edge.body import too_large
from gateway.problem import Problem, retry_after

_LONGEST_FIELD = 64 * 1024
_MOST_PARTS = 64


@dataclass
class Form:
    """Its fields, each with all its values in their order, and its files by the field's name."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)

    def one(self, name: str, default: str = "") -> str:
        """The last value of a field, without blanks around it."""
        return self.fields.get(name, [default])[-1].strip()

    def many(self, name: str) -> list[str]:
        """All values of a field, with or without the brackets that clients write behind its name."""
        return [value.strip() for key in (name, f"{name}[]") for value in self.fields.get(key, [])]


async def read_form(
    parts: AsyncIterable[bytes], boundary: bytes, folder: Path, names: frozenset[str], limit: int
) -> Form:
    """
    A form that comes in parts.

    Args:
        parts: Its bytes.
        boundary: Of the content type.
        folder: Takes the files.
        names: The fields that are files, whatever type or name the client gives them.
        limit: Bytes that are taken in all.

    Raises:
        Problem: 413, it is larger; 400, it is no such form, or has an unknown file; 503, the disk is full.
    """
    received = 0
    with ExitStack() as held:
        reader = _Reader(folder, names, held)
        parser = held.enter_context(PushMultipartParser(boundary, max_segment_count=_MOST_PARTS))
        try:
            async for part in parts:
                received += len(part)
                if received > limit:
                    raise too_large(limit)
                for piece in parser.parse(part) if part and not parser.closed else ():
                    reader.takes(piece)
            parser.close()
        except MultipartError as error:
            raise Problem(400, f"the form cannot be read: {error}", "bad_form") from None
        except OSError as error:
            message = f"there is no room for the upload on the gateway's disk ({error.strerror})"
            raise Problem(503, message, "no_room", headers=retry_after(60)) from None
        return reader.form


class _Reader:
    """Puts each piece of a form where it belongs."""

    def __init__(self, folder: Path, names: frozenset[str], held: ExitStack) -> None:
        self.form = Form()
        self._folder = folder
        self._names = names
        self._held = held
        self._name = ""
        self._file: BinaryIO | None = None
        self._text = bytearray()

    def takes(self, piece: MultipartSegment | bytes | bytearray | None) -> None:
        if isinstance(piece, MultipartSegment):
            self._begins(piece)
        elif piece:
            self._goes_on(bytes(piece))
        else:
            self._ends()

    def _begins(self, part: MultipartSegment) -> None:
        self._name = part.name
        self._text.clear()
        self._file = None
        if part.name in self._names:
            if part.name in self.form.files:
                raise Problem(400, f"the form has more than one '{part.name}'", "bad_form", param=part.name)
            path = self.form.files[part.name] = self._folder / f"upload-{len(self.form.files)}"
            self._file = self._held.enter_context(path.open("wb"))
        elif part.filename is not None:
            known = " and ".join(f"'{name}'" for name in sorted(self._names))
            message = f"'{part.name}' is no file that is known here: send {known}"
            raise Problem(400, message, "unknown_field", param=part.name)

    def _goes_on(self, data: bytes) -> None:
        if self._file is not None:
            self._file.write(data)
            return
        self._text += data
        if len(self._text) > _LONGEST_FIELD:
            raise Problem(413, f"'{self._name}' is too long", "field_too_long", param=self._name)

    def _ends(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        else:
            self.form.fields.setdefault(self._name, []).append(self._text.decode("utf-8", "replace"))
