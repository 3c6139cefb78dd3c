"""The list of known people that the API keeps: one file beside the map, for the owner alone."""

import os
from dataclasses import dataclass
from pathlib import Path

from gateway.redaction.contact_list import people


@dataclass(frozen=True)
class KnownList:
    """
    A contact list in a file of ours.

    Attributes:
        path: Need not be there.
    """

    path: Path

    def replace(self, text: str) -> int:
        """
        Keep this list from now on; returns how many names and other values it holds.

        `ValueError` when it cannot be read or holds none, and then the list that was there stays.
        """
        values = len(set(people(text)))
        if not values:
            raise ValueError("it holds no name of three letters or more")
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self.path.with_name(f"{self.path.name}.new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(
            os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
        fresh.replace(self.path)
        return values

    def count(self) -> int:
        """How many values it holds; 0 without a list."""
        try:
            return len(set(people(self.path.read_text("utf-8"))))
        except FileNotFoundError:
            return 0

    def delete(self) -> bool:
        """Forget the list; whether there was one."""
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        return True
