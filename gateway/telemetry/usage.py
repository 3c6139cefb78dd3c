"""The tokens an answer reports, found in the two ends of its body (pure)."""

from typing import Annotated

import msgspec

Buffer = bytes | bytearray

_KEY = b'"usage"'
_TRIES = 8
"""How many places that look like a usage are examined: the real one is the last, or close to it."""

_BACKSLASH = 0x5C
_Count = Annotated[int, msgspec.Meta(ge=0)] | None


class Usage(msgspec.Struct, frozen=True):
    """
    What one answer cost.

    Attributes:
        prompt: Tokens read, those from the cache included.
        completion: Tokens written.
        cached: Those of the prompt that the cache held.
        audio_seconds: Audio heard, where that is what is counted.
    """

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    audio_seconds: float = 0.0


class _Details(msgspec.Struct):
    cached_tokens: _Count = None


class _Reported(msgspec.Struct):
    """The usage objects of OpenAI (chat, responses, audio, embeddings), of rerankers and of Anthropic."""

    prompt_tokens: _Count = None
    completion_tokens: _Count = None
    total_tokens: _Count = None
    input_tokens: _Count = None
    output_tokens: _Count = None
    prompt_tokens_details: _Details | None = None
    input_tokens_details: _Details | None = None
    cache_read_input_tokens: _Count = None
    cache_creation_input_tokens: _Count = None
    seconds: Annotated[float, msgspec.Meta(ge=0)] | None = None

    def plain(self) -> Usage:
        # Anthropic counts what comes from the cache beside the input, OpenAI within it.
        beside = (self.cache_read_input_tokens or 0) + (self.cache_creation_input_tokens or 0)
        prompt = (self.prompt_tokens or self.input_tokens or 0) + beside
        completion = self.completion_tokens or self.output_tokens or 0
        details = self.prompt_tokens_details or self.input_tokens_details
        cached = (details.cached_tokens if details else None) or self.cache_read_input_tokens or 0
        if not prompt and not completion:
            prompt = self.total_tokens or 0
        return Usage(prompt, completion, cached, self.seconds or 0.0)


class _Holder(msgspec.Struct):
    usage: _Reported | None = None


class _Nested(msgspec.Struct):
    inner: _Holder | None = None


class _Anything(msgspec.Struct):
    pass


_holder = msgspec.json.Decoder(_Holder)
_nested = msgspec.json.Decoder(_Nested)
_anything = msgspec.json.Decoder(_Anything)
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)


def usage_of_body(head: Buffer, tail: Buffer, cut: bool) -> Usage | None:
    """
    The usage of a JSON answer: a member of its outermost object, never of its text.

    Args:
        head: How the body begins.
        tail: How it ends; all of it unless `cut`.
        cut: The tail's beginning is missing, perhaps in the middle of a string.
    """
    if not head.startswith(b"{") and not head[:64].lstrip().startswith(b"{"):
        return None
    place = len(tail)
    for _ in range(_TRIES):
        place = tail.rfind(_KEY, 0, place)
        if place < 1:
            break
        if found := _member(tail, place, len(tail)):
            return found
    return _early(head) if cut else None


def usage_of_events(head: Buffer, tail: Buffer, cut: bool) -> Usage | None:
    """
    The usage of an event stream: the last that was reported.

    Anthropic's streams say at their beginning how long the prompt was, and at the end what was written.
    Arguments as in `usage_of_body`.
    """
    last, place = None, len(tail)
    for _ in range(_TRIES):
        place = tail.rfind(_KEY, 0, place)
        if place < 1 or (last := _in_event(tail, place, cut)):
            break
    if last and last.prompt:
        return last
    first = _in_event(head, head.find(_KEY), cut=False)
    if last and first:
        return Usage(first.prompt, last.completion, first.cached, last.audio_seconds)
    return last or first


def _in_event(text: Buffer, place: int, cut: bool) -> Usage | None:
    """The usage at a place within one whole line of data, or within its `response` or `message`."""
    if place < 1:
        return None
    start, end = text.rfind(b"\n", 0, place) + 1, text.find(b"\n", place)
    torn = cut and not start
    if end < 0 or not (torn or text.startswith((b"data: {", b"data:{"), start)):
        return None
    return _member(text, place, end) or _inner_member(text, place, end)


def _member(text: Buffer, place: int, end: int) -> Usage | None:
    """
    The usage at a place, if it is a member of the outermost object that ends at `end`.

    A quote without a backslash before it begins or ends a string.  Only from a key of the outermost object on
    does `{` + the rest make a JSON text: after any other string a colon is missing or a bracket is left over.
    """
    if text[place - 1] == _BACKSLASH:
        return None
    try:
        reported = _holder.decode(b"{" + text[place:end]).usage
    except _UNREADABLE:
        return None
    return reported.plain() if reported else None


def _inner_member(text: Buffer, place: int, end: int) -> Usage | None:
    """The same for a member of an object in the outermost object."""
    if text[place - 1] == _BACKSLASH:
        return None
    try:
        inner = _nested.decode(b'{"inner":{' + text[place:end]).inner
    except _UNREADABLE:
        return None
    return inner.usage.plain() if inner and inner.usage else None


def _early(head: Buffer) -> Usage | None:
    """The usage of a body that goes on for long after it, such as a reranker's."""
    place = head.find(_KEY)
    if place < 1 or not _begins_member(head[:place]):
        return None
    end = place
    for _ in range(_TRIES):
        end = head.find(b"}", end) + 1
        if not end:
            return None
        if found := _member(head[:end] + b"}", place, end + 1):
            return found
    return None


def _begins_member(before: Buffer) -> bool:
    """A member of the outermost object may stand after this."""
    try:
        _anything.decode(before + b'"":0}')
    except _UNREADABLE:
        return False
    return True
