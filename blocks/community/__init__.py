"""Recipe files of the community, read as they are and written back: spark-vllm-docker and sparkrun (pure)."""

from blocks.community.notes import CannotRead, CannotWrite, NotHonoured, Read, Written
from blocks.community.read import is_community, read_recipe
from blocks.community.write import write_recipe

__all__ = [
    "CannotRead",
    "CannotWrite",
    "NotHonoured",
    "Read",
    "Written",
    "is_community",
    "read_recipe",
    "write_recipe",
]
