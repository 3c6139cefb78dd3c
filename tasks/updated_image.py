"""The image after an update: which one it replaced, and putting that one back when the first swap fails."""

from dataclasses import asdict, dataclass

from blocks.cluster import Host
from blocks.ledger.seen import read_seen, write_seen
from blocks.ledger.store import Ledger
from tasks.check import Unreadable, command
from tasks.checks.containers import ImageThere
from tasks.ssh import Unreachable, run

UPDATED = "updated-image"
"""Subject of the ledger: the last update's image."""


@dataclass(frozen=True)
class UpdatedImage:
    """
    What an update did to the image.

    Attributes:
        image: Its name.
        before, after: Its ids.
        tried: True once a swap has come to its end on the new one, or the old one is back.
    """

    image: str
    before: str
    after: str
    tried: bool = False


def note_update(ledger: Ledger, updated: UpdatedImage) -> None:
    """Remember that the next swap is the first one on a new image."""
    write_seen(ledger, UPDATED, asdict(updated))


def last_update(ledger: Ledger) -> UpdatedImage | None:
    """The last update's image; None when there was none."""
    sight = read_seen(ledger, UPDATED).get(UPDATED)
    return UpdatedImage(**sight.data) if sight else None


def mark_tried(ledger: Ledger, image_id: str) -> None:
    """A model answers on that image: it is kept, whatever happens later."""
    updated = last_update(ledger)
    if updated and not updated.tried and updated.after == image_id:
        note_update(ledger, UpdatedImage(updated.image, updated.before, updated.after, tried=True))


def take_back_untried(ledger: Ledger, hosts: list[Host], image_id: str) -> str:
    """Put the image from before back when the first start on the new one failed; says so, else blank."""
    updated = last_update(ledger)
    if updated is None or updated.tried or updated.after != image_id:
        return ""
    return take_back(ledger, updated, hosts)


def take_back(ledger: Ledger, updated: UpdatedImage, hosts: list[Host]) -> str:
    """Give the name back to the image from before the update, on every host; what came of it, in words."""
    doubts = []
    for host in hosts:
        try:
            run(host, command("docker", "tag", updated.before, updated.image))
            check = ImageThere(updated.image)
            if check.read(run(host, check.probe())) != updated.before:
                doubts.append(f"{host.name} does not hold it any more")
        except (Unreachable, Unreadable) as error:
            doubts.append(str(error))
    if doubts:
        return f"The image from before the update could not be put back: {'; '.join(doubts)}."
    note_update(ledger, UpdatedImage(updated.image, updated.before, updated.after, tried=True))
    return f"The image {updated.image} from before the update is in use again."
