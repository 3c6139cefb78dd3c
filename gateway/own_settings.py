"""The settings as the gateway changes them: with the problems that a client is told."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from blocks.ledger.store import Ledger
from blocks.own_document import DocumentBusy, NoDocument
from blocks.own_settings import Change, Changed, Unfit, UnknownBlock, Wish, change_settings, show_settings
from blocks.setting_fields import BlockView
from gateway.problem import Problem, retry_after
from gateway.records import Records
from gateway.watch import Watch

log = logging.getLogger(__name__)


class OwnSettings:
    """Shows the blocks of settings and changes them, one change after the other."""

    def __init__(self, records: Records, watch: Watch) -> None:
        self._records = records
        self._watch = watch
        self._turn = asyncio.Lock()

    async def show(self) -> list[BlockView]:
        """Every block as Prefect has it now; `Problem` 503 when it is away."""
        with _told():
            return await self._records.ask(_show)

    async def change(self, wish: Wish) -> Change:
        """
        Change a block, and have the gateway go by the change at once.

        `Problem` 404 for an unknown block, 409 when somebody else changed it since, 422 names what does not
        fit, 503 when Prefect or the ledger is away; whatever the wish raises leaves things as they are.
        """
        async with self._turn:
            with _told():
                change = await self._records.ask(change_settings, wish)
            await self._watch.read_now()
            return change


def _show(_ledger: Ledger) -> list[BlockView]:
    return show_settings()


@contextmanager
def _told() -> Iterator[None]:
    """What went wrong, as a problem."""
    try:
        yield
    except UnknownBlock as error:
        raise Problem(404, str(error), "unknown_block", param="block") from None
    except Changed as error:
        raise Problem(409, str(error), "changed_meanwhile", now=error.now) from None
    except Unfit as error:
        faults = [{"field": place, "message": why} for place, why in error.faults]
        param = error.faults[0][0]
        message = f"{error}: nothing was changed"
        raise Problem(422, message, "unfit_value", param=param, faults=faults, now=error.now) from None
    except DocumentBusy as error:
        raise Problem(409, str(error), "settings_busy") from None
    except NoDocument as error:
        raise Problem(503, str(error), "no_settings") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        log.warning("the settings cannot be reached: %s", error)
        message = "Prefect, which keeps the settings, is out of reach"
        raise Problem(503, message, "prefect_gone", headers=retry_after(5)) from error
