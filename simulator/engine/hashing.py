"""Vectors from words by hashing: texts that share words get vectors that point the same way."""

import math
import re
import zlib
from collections import Counter

WORD = re.compile(r"\w+")
VOCABULARY = 250_002  # of XLM-R, whose ids bge-m3's sparse weights use


def words(text: str) -> list[str]:
    """Lower-case words, without the plural's s, so that near forms meet."""
    return [word.rstrip("s") or word for word in WORD.findall(text.lower())]


def weight(word: str) -> float:
    """Short words say little."""
    return 1.0 if len(word) > 3 else 0.3


def dense(text: str, size: int) -> list[float]:
    """A vector of length one; every word adds the same few signed places each time."""
    vector = [0.0] * size
    for word, count in Counter(words(text)).items():
        for salt in range(4):
            place = zlib.crc32(f"{salt}:{word}".encode())
            sign = 1 if place & 0x10000 else -1
            vector[place % size] += sign * weight(word) * math.sqrt(count)
    length = math.sqrt(sum(x * x for x in vector))
    if length == 0:
        vector[0] = length = 1.0
    return [round(x / length, 7) for x in vector]


def sparse(text: str) -> dict[int, float]:
    """Word ids to weights, as bge-m3's lexical weights."""
    counts = Counter(words(text))
    top = max(counts.values(), default=1)
    weights: dict[int, float] = {}
    for word, count in counts.items():
        value = weight(word) * (0.1 + 0.3 * count / top)
        weights[zlib.crc32(word.encode()) % VOCABULARY] = round(value, 4)
    return weights


def relevance(query: str, document: str) -> float:
    """0 to 1: how much of the query's words the document has, less a little for its length."""
    asked, told = set(words(query)), set(words(document))
    if not asked or not told:
        return 0.0
    shared = sum(map(weight, asked & told))
    return round(0.9 * shared / sum(map(weight, asked)) + 0.1 * shared / len(told), 6)
