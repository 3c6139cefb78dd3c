"""What speaks for a speaker of a word, and for a change of speaker before it (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.audio.activity import FAR, Activity
from gateway.audio.transcript import Segment

_LONGEST = 1.0
"""Seconds of a word that count: an end that is further off is stretched."""
_SHORTEST = 0.02
_MARGIN = 0.1
"""Seconds around a word in which the diarizer may be early or late."""
_BRIDGE = 0.3
"""Seconds between two segments of a speaker that are no silence to speak of."""
_TALKS = 0.3
"""From this share of a widened word on a speaker talks during it."""
_SHORT_TURN = 1.5
_RECENT = 3.0
_LONG_PAUSE = 3.0
"""Seconds after which nobody holds the floor any more."""

_SWITCH = 2.0
_AFTER_SENTENCE = 0.4
_AFTER_COMMA = 0.8
_CAPITAL = 0.3
_BACKCHANNEL = 0.4

_BACKCHANNELS = frozenset(
    (
        *("yeah", "yes", "yep", "yup", "no", "nope", "okay", "ok", "right", "sure", "exactly", "oh", "ah"),
        *("mm", "mm-hmm", "mmhmm", "mm-hm", "mhm", "uh-huh", "hmm", "hm"),
        *("ja", "nein", "genau", "oui", "non", "d'accord", "voilà", "sí", "claro", "vale", "sì", "certo"),
        *("sim", "não", "да", "нет", "угу", "ага"),  # noqa: RUF001
    )
)
_ALWAYS_CAPITAL = frozenset(("i", "i'm", "i'll", "i've", "i'd", "i’m", "i’ll", "i’ve", "i’d"))  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Spoken:
    """What one mouth said: a word with the tokens that belong to it; times in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Cue:
    """
    What the diarizer says of one word and one speaker.

    Attributes:
        inside: The share of the word within the speaker's segments, 0 to 1.
        around: The same of the word with a margin.
        distance: Seconds to the speaker's nearest segment.
        since: Seconds since that began; below 0: it begins later.
        lasts: Its seconds.
    """

    inside: float
    around: float
    distance: float
    since: float
    lasts: float


class Voice:
    """One speaker of the diarizer, asked about words."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        stretches = [(segment.start, segment.end) for segment in segments]
        self._talks = Activity(stretches)
        self._bridged = Activity(stretches, _BRIDGE)

    def cue(self, word: Spoken) -> Cue:
        """What is known of this speaker at a word."""
        start = word.start
        end = max(min(word.end, start + _LONGEST), start + _SHORTEST)
        near = self._bridged.nearest(start, end)
        return Cue(
            self._talks.share(start, end),
            self._talks.share(start - _MARGIN, end + _MARGIN),
            near.distance,
            start - near.start,
            near.end - near.start,
        )


def scores(word: Spoken, cues: Sequence[Cue]) -> list[float]:
    """
    How much speaks for each speaker of a word; only differences mean something.

    While several talk, whoever has begun last is a little likelier: recognisers write down who comes in.  A
    word such as 'yeah' belongs to whoever says no more than that.
    """
    together = sum(cue.around > _TALKS for cue in cues) > 1
    back = is_backchannel(word.text)
    return [_score(cue, back=back, together=together and cue.around > _TALKS) for cue in cues]


def switch_cost(before: Spoken, word: Spoken) -> float:
    """What speaks against a change of speaker between two words: less at the end of a sentence."""
    if word.start - min(before.end, before.start + _LONGEST) > _LONG_PAUSE:
        return 0.0
    cost = _SWITCH
    if before.text.endswith((".", "?", "!", "。", "？", "！")):  # noqa: RUF001
        cost *= _AFTER_SENTENCE
    elif before.text.endswith((",", "，", "、")):  # noqa: RUF001
        cost *= _AFTER_COMMA
    bare = _bare(word.text)
    if bare[:1].isupper() and bare.lower() not in _ALWAYS_CAPITAL:
        cost *= _CAPITAL
    if is_backchannel(word.text):
        cost *= _BACKCHANNEL
    return cost


def is_backchannel(text: str) -> bool:
    """A word by which listeners say that they listen."""
    return _bare(text).lower() in _BACKCHANNELS


def _bare(text: str) -> str:
    return text.strip().strip('.,;:?!"()[]…“”«»。，、？！')  # noqa: RUF001


def _score(cue: Cue, *, back: bool, together: bool) -> float:
    score = (
        1.5 * (0.6 * cue.inside + 0.4 * cue.around) - min(cue.distance, 1.0) - 0.03 * min(cue.distance, FAR)
    )
    if together:
        score -= 0.2 * min(max(cue.since, 0.0), _RECENT) / _RECENT
        if back and cue.lasts < _SHORT_TURN:
            score += 1.0
    return score
