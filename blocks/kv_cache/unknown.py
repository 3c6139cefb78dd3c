"""The one error of this package."""


class UnknownLayout(Exception):
    """The config does not tell how large the KV cache is; the text says what is missing."""
