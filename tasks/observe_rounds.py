"""The rounds of the observer's slow looks: no error of one of them ends the next."""

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger("observer")


def keep_looking(look: Callable[[], None], what: str, pause_seconds: float, ended: threading.Event) -> None:
    """Look again and again until told to end; `what` is looked at, in words for the log."""
    while not ended.is_set():
        try:
            look()
        except SQLAlchemyError as error:
            log.warning("the ledger cannot be reached: %s", error)
        except Exception:  # an unforeseen error of one look must not end all of them
            log.exception("the look at %s failed", what)
        ended.wait(pause_seconds)
