"""What the decoding process says to the gateway, which itself never loads a decoder."""

import msgspec


class Decoded(msgspec.Struct):
    """
    What came of it.

    Attributes:
        samples: Written, of each channel.
        channels: Of the sound that was sent.
        cut: There is more of it than was asked for.
        error: A word why it cannot be read; blank: it was.
    """

    samples: int = 0
    channels: int = 0
    cut: bool = False
    error: str = ""
