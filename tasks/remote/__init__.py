"""Scripts that run on a host, given to its bash or python3 by stdin."""

from importlib.resources import files
from typing import Any


def script(name: str) -> str:
    """The text of a script of this folder."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def script_with(name: str, /, **given: Any) -> str:
    """A Python script of this folder that finds these plain values in `GIVEN`: never in an argument list."""
    return f"GIVEN = {given!r}\n{script(name)}"
