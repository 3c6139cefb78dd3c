"""The answers for overlapping pieces as one: no word twice, none lost, one name per speaker (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.audio.clustering import LocalVoice, cluster
from gateway.audio.pieces import OVERLAP, Piece
from gateway.audio.transcript import Segment, Word

_SAME_TIME = 0.3
"""Seconds between the middles of a word that two pieces heard."""


@dataclass(frozen=True, slots=True)
class Heard:
    """
    What the diarizer heard in one piece; times in seconds from the beginning of the recording.

    Attributes:
        piece: Which part it was.
        segments: With the labels of this piece alone.
        voiceprints: By label; a label may be missing.
    """

    piece: Piece
    segments: Sequence[Segment]
    voiceprints: Mapping[str, Sequence[float]]


def joined_words(pieces: Sequence[Piece], words: Sequence[Sequence[Word]]) -> list[Word]:
    """
    The words of all pieces, each once.

    Near a cut both pieces heard the same words: the seam is laid behind one that both have, else at the cut.

    Args:
        pieces: In their order.
        words: Of each piece, sorted, with times from the beginning of the recording.
    """
    joined = list(words[0]) if words else []
    for piece, own in zip(pieces[1:], words[1:], strict=True):
        left, right = _seam(joined, own, piece.first)
        joined = [*joined[:left], *own[right:]]
    return joined


def joined_segments(
    heard: Sequence[Heard], *, similarity: float, speakers: int | None = None
) -> list[Segment]:
    """
    The segments of all pieces, each piece's labels replaced by speakers of the whole recording.

    A label without a voiceprint is a speaker of its own: nobody can say who it is in other pieces.

    Args:
        heard: Of each piece, in their order.
        similarity: What `clustering.cluster` takes.
        speakers: How many there are, when that is known.
    """
    clipped = [_clipped(each) for each in heard]
    labels = [(at, label) for at, segments in enumerate(clipped) for label in _labels(segments)]
    known = [(at, label) for at, label in labels if label in heard[at].voiceprints]
    voices = [
        LocalVoice(at, heard[at].voiceprints[label], _seconds(clipped[at], label)) for at, label in known
    ]
    found = cluster(voices, similarity=similarity, speakers=speakers)
    groups: dict[tuple[int, str], object] = dict(zip(known, found, strict=True))
    names: dict[object, str] = {}
    for key in labels:
        names.setdefault(groups.get(key, key), f"speaker_{len(names)}")
    return [
        replace(segment, speaker=names[groups.get((at, segment.speaker), (at, segment.speaker))])
        for at, segments in enumerate(clipped)
        for segment in segments
    ]


def _seam(before: Sequence[Word], after: Sequence[Word], cut: float) -> tuple[int, int]:
    """How many words of the piece before the cut stay, and from which on those of the piece after it."""
    near = [at for at, word in enumerate(before) if abs(_middle(word) - cut) <= OVERLAP]
    others = [at for at, word in enumerate(after) if abs(_middle(word) - cut) <= OVERLAP]
    pairs = [
        (abs(_middle(before[at]) - cut), at, other)
        for at in near
        for other in others
        if _closest(before[at], after, others) == other and _closest(after[other], before, near) == at
    ]
    if pairs:
        _distance, at, other = min(pairs)
        return at + 1, other + 1
    left = sum(_middle(word) < cut for word in before)
    right = sum(_middle(word) < cut for word in after)
    return left, right


def _closest(word: Word, among: Sequence[Word], places: Sequence[int]) -> int | None:
    """The place of the same word at the same time."""
    same = [(abs(_middle(among[at]) - _middle(word)), at) for at in places if _same_text(among[at], word)]
    distance, at = min(same, default=(_SAME_TIME, -1))
    return at if distance < _SAME_TIME else None


def _same_text(one: Word, other: Word) -> bool:
    return _letters(one.text) == _letters(other.text)


def _letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum()) or text.strip()


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2


def _clipped(heard: Heard) -> list[Segment]:
    """The parts of the segments that count, by their starts."""
    first, last = heard.piece.first, heard.piece.last
    parts = [
        replace(each, start=max(each.start, first), end=min(each.end, last))
        for each in heard.segments
        if each.start < last and each.end > first
    ]
    return sorted(parts, key=lambda each: (each.start, each.end))


def _labels(segments: Sequence[Segment]) -> list[str]:
    return list(dict.fromkeys(segment.speaker for segment in segments))


def _seconds(segments: Sequence[Segment], label: str) -> float:
    return sum(segment.end - segment.start for segment in segments if segment.speaker == label)
