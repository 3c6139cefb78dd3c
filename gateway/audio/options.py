"""How this gateway works on speech, as the environment says it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

_MEBIBYTE = 1024 * 1024

SIMILARITY = 0.30
"""
Cosine similarity from which on two groups of voiceprints are one speaker.

It is a similarity, not a distance: 0.30 is the cosine distance 0.70.  Read as a similarity, 0.7 would split
nearly every speaker, since two voiceprints of one person seldom come that close.
"""


@dataclass(frozen=True)
class AudioOptions:
    """
    The bounds of the speech pipelines; times in seconds, sizes in bytes.

    Attributes:
        diarize_seconds: The longest sound of one diarization; longer recordings are cut into such pieces.
        piece_seconds: The longest piece that a recording is cut into.
        recording_seconds: The longest recording that is taken at all.
        upload_limit: The largest upload.
        model: Named to the recogniser when the client names none.
        similarity: Cosine similarity (not distance) from which on two voiceprints are one speaker.
        answer_seconds: The longest that one piece may take to be answered.
    """

    diarize_seconds: float = 600.0
    piece_seconds: float = 300.0
    recording_seconds: float = 4 * 3600.0
    upload_limit: int = 1024 * _MEBIBYTE
    model: str = "parakeet-tdt-0.6b-v3"
    similarity: float = SIMILARITY
    answer_seconds: float = 600.0


def read_audio_options(env: Mapping[str, str] = os.environ) -> AudioOptions:
    """The options of the environment; `ValueError` names a variable that cannot be used, and why."""
    default = AudioOptions()
    diarize = _number(env, "MAX_DIARIZE_SECONDS", default.diarize_seconds, 10, 7200)
    return AudioOptions(
        diarize_seconds=diarize,
        piece_seconds=min(diarize, _number(env, "AUDIO_PIECE_SECONDS", default.piece_seconds, 10, 7200)),
        recording_seconds=_number(env, "AUDIO_MAX_SECONDS", default.recording_seconds, 10, 86400),
        upload_limit=int(_number(env, "AUDIO_MAX_MB", default.upload_limit / _MEBIBYTE, 1, 1e6) * _MEBIBYTE),
        model=env.get("AUDIO_STT_MODEL", "").strip() or default.model,
        similarity=_number(env, "AUDIO_SPEAKER_SIMILARITY", default.similarity, -1, 1),
        answer_seconds=_number(env, "AUDIO_ANSWER_SECONDS", default.answer_seconds, 1, 7200),
    )


def _number(env: Mapping[str, str], name: str, default: float, least: float, most: float) -> float:
    text = env.get(name, "").strip()
    try:
        number = float(text) if text else default
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise ValueError(f"{name} is {text!r}: it has to be a number from {least:g} to {most:g}")
    return number
