"""One house for the session, and every client with its address; no test leaves anything behind in it."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio

from tests.clients.house import House, house


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("house")) as home:
        yield home


@pytest.fixture
def coming(home: House) -> Iterator[str]:
    """The id of a run that loads another model."""
    run = home.begin_swap()
    _until_known(home.url, run, "running")
    yield run
    home.end_swap(run)
    _until_known(home.url, run, "failed")


def _until_known(url: str, run: str, state: str) -> None:
    """Wait until the gateway has seen how the newest swap stands: it looks twice a second."""
    while True:
        newest = httpx.get(f"{url}/api/swap").raise_for_status().json()["latest"] or {}
        if (newest.get("id"), newest.get("state")) == (run, state):
            return
