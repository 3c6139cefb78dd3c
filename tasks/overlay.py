"""The files that patch the speech container, as they are in this checkout."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "patches" / "parakeet"


@cache
def overlay() -> dict[str, str]:
    """Text by name of file."""
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.py"))}
