"""Words as they are compared: without case and accents."""

import unicodedata
from functools import lru_cache

_OWN = str.maketrans(
    {
        "ß": "ss",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "\u0131": "i",
        "ħ": "h",
        "\u2019": "'",
    }
)


@lru_cache(maxsize=8192)
def fold(word: str) -> str:
    """Lower case without accents, so that `Müller`, `MÜLLER` and `Muller` are one word."""
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFD", word.lower().translate(_OWN))
    return "".join(one for one in apart if not unicodedata.combining(one))
