"""`python -m gateway`: serve until told to stop."""

import gc
import logging
import sys
from contextlib import suppress
from socket import socket

sys.modules["rich"] = None  # type: ignore[assignment]  # or httpx loads its command line: 6 MB, 0.1 s

import uvicorn  # noqa: E402

from gateway.app import create_app  # noqa: E402
from gateway.front import Front  # noqa: E402
from gateway.options import Options, read_options  # noqa: E402

STOP_SECONDS = 5
"""How long answers under way may still take when the process is told to stop."""


class Server(uvicorn.Server):
    """uvicorn, which ends our streams of events before it waits for answers under way."""

    def __init__(self, app: Front, options: Options) -> None:
        self._app = app
        config = uvicorn.Config(
            app,
            host=options.host,
            port=options.port,
            loop="uvloop",
            http="httptools",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        super().__init__(config)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Stop: streams of events end at once, answers under way get some seconds."""
        self._app.end_streams()
        await super().shutdown(sockets)


def main() -> None:
    """Serve with uvicorn on uvloop and httptools."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    for loud in ("httpx", "blocks.settings"):  # the watch says once what they say every three seconds
        logging.getLogger(loud).setLevel(logging.ERROR)
    try:
        options = read_options()
    except ValueError as error:
        sys.exit(str(error))
    server = Server(create_app(options), options)
    gc.collect()
    gc.freeze()  # what is there now stays: the collector need not walk it again under load
    with suppress(KeyboardInterrupt):
        server.run()


if __name__ == "__main__":
    main()
