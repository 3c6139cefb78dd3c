"""Known people: the values of contact lists, found wherever they stand."""

from collections.abc import Iterable, Iterator, Sequence

from gateway.redaction.contact_list import long_enough
from gateway.redaction.finding import Finding
from gateway.redaction.known_file import KnownFile
from gateway.redaction.phrases import Phrases
from gateway.redaction.scrub import Finder


class KnownPeople:
    """The lists of files, each read again when it has changed."""

    def __init__(self) -> None:
        self._files: dict[str, KnownFile] = {}

    def finder(self, paths: Sequence[str], named: Sequence[str] = ()) -> Finder | None:
        """
        What finds the known people in a view; None when there are none.

        Args:
            paths: The files; `NoList` when one cannot be read and never could.
            named: More of them, of this request alone.
        """
        lists = [one for path in paths for one in self._files.setdefault(path, KnownFile(path)).lists]
        if named:
            lists.append(Phrases(long_enough(named)))
        return _Finder(lists) if lists else None


class _Finder:
    def __init__(self, lists: Iterable[Phrases]) -> None:
        self._lists = tuple(lists)

    def __call__(self, text: str) -> Iterator[Finding]:
        for phrases in self._lists:
            for start, end in phrases.find(text):
                yield Finding(start, end, "PERSON", "known", 0.4)
