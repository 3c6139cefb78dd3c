"""`python -m gateway`: serve until told to stop."""

import logging
import sys

sys.modules["rich"] = None  # type: ignore[assignment]  # or httpx loads its command line: 6 MB, 0.1 s

import uvloop  # noqa: E402

from gateway.app import Gateway  # noqa: E402
from gateway.edge.server import until_told  # noqa: E402
from gateway.options import Options, read_options  # noqa: E402
from gateway.redaction.master_key import WrongKey  # noqa: E402

log = logging.getLogger(__name__)


async def serve(options: Options) -> None:
    """Serve until SIGTERM or SIGINT."""

    def say_ready() -> None:
        log.info("listening on http://%s:%d", options.host, options.port)

    await Gateway(options).serve(until_told(), on_ready=say_ready)


def main() -> None:
    """Serve on uvloop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    for loud in ("httpx", "blocks.settings"):  # the watch says once what they say every three seconds
        logging.getLogger(loud).setLevel(logging.ERROR)
    try:
        options = read_options()
    except ValueError as error:
        sys.exit(str(error))
    try:
        uvloop.run(serve(options))
    except WrongKey as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"cannot listen on {options.host}:{options.port}: {error.strerror or error}")


if __name__ == "__main__":
    main()
