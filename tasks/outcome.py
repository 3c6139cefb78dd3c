"""How a run that did not come to its end says so: in plain words, with the state that things are in."""

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.exceptions import Pause, TerminationSignal

from tasks.check import CheckFailed, Unreadable
from tasks.report import Report
from tasks.ssh import OutputTooLong, Unreachable


class Failed(Exception):
    """A run did not do what it was asked for; the message is for people."""


TOLD = (Failed, Unreachable, Unreadable, CheckFailed, OutputTooLong, LookupError)
"""What may go wrong with any host, in words for people."""


@contextmanager
def failure_told(report: Report, failed: str, left: str) -> Iterator[None]:
    """
    Close the record of a run that fails, is cancelled or breaks off within the block.

    Args:
        report: The run's voice; a run that comes to its end closes its record itself.
        failed: What did not happen: "spark-2 was not woken".
        left: The state things are in after a cancel or an unforeseen error, a whole sentence.

    Raises:
        Failed: For each of `TOLD`, with the whole message.
    """
    try:
        yield
    except TOLD as error:
        message = f"{failed}: {str(error).rstrip('.')}."
        report.end("failed", message, cause=str(error))
        raise Failed(message) from error
    except Pause:
        raise
    except BaseException as error:
        end_early(report, error, left)
        raise


def end_early(report: Report, error: BaseException, left: str) -> None:
    """
    Close the record of a run that was cancelled, or that an unforeseen error ends.

    Args:
        report: The run's voice.
        error: What ends it; a cancel is a `TerminationSignal`.
        left: The state things are in, a whole sentence.
    """
    cancelled = isinstance(error, TerminationSignal)
    why = "Cancelled" if cancelled else f"Broken off by an unforeseen error ({error!r})"
    report.end("cancelled" if cancelled else "failed", f"{why}. {left}")
