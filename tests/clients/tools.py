"""The one tool that models are given here, as OpenAI and as Anthropic write it, and the one picture."""

import base64
import struct
import zlib

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "weather", "description": "Now", "parameters": CITY}}
ANTHROPIC_TOOL = {"name": "weather", "description": "Now", "input_schema": CITY}
QUESTION = "What is the weather in Bonn?"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))


def picture() -> str:
    """A PNG of one pixel, in base64."""
    head = struct.pack("!IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    chunks = _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(b"\0\0")) + _chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunks).decode()
