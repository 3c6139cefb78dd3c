"""`python -m control.keys`: adds, lists and revokes the API keys that open the gateway."""

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import closing

from sqlalchemy.exc import SQLAlchemyError

from blocks.ledger.keys import SCOPES, ApiKey, BadKey, create_key, list_keys, revoke_key
from blocks.ledger.migrate import migrate
from blocks.ledger.store import Ledger
from control.environment import CHECKOUT, house_environment

DAY = 24 * 3600
OPEN = "There is no key: the gateway is open to everyone who reaches it."
NO_CONTROL = "No key opens the dashboard and the control API now: add one with --scope control."


def main(words: Sequence[str] | None = None) -> None:
    """Do what the command line says on the ledger of the environment."""
    asked = _parser().parse_args(words)
    url = house_environment(CHECKOUT / ".state")["SPARK_LEDGER_URL"]
    try:
        migrate(url)  # a key may be added before the first start
        with closing(Ledger(url)) as ledger:
            asked.do(ledger, asked)
    except BadKey as bad:
        sys.exit(str(bad))
    except SQLAlchemyError as error:
        sys.exit(f"the ledger does not answer: {error}")


def _add(ledger: Ledger, asked: argparse.Namespace) -> None:
    """The key alone goes to stdout, so that it can be piped; what a person should know to stderr."""
    expires = time.time() + asked.days * DAY if asked.days is not None else None
    key = create_key(ledger, asked.name, asked.scope or ("inference",), expires)
    print(key)
    _note("This is the only time the key is shown. Running gateways know it within seconds.")
    if len(keys := list_keys(ledger)) == 1:
        _note("It is the first one: from now on every request needs a key.")
    _warn(keys)


def _list(ledger: Ledger, _asked: argparse.Namespace) -> None:
    keys = list_keys(ledger)
    for key in keys:
        print(f"{key.name:<20} {key.shown}  {'+'.join(sorted(key.scopes)):<17} {_lifetime(key)}")
    _warn(keys)


def _revoke(ledger: Ledger, asked: argparse.Namespace) -> None:
    if not revoke_key(ledger, asked.name):
        known = ", ".join(key.name for key in list_keys(ledger)) or "none"
        sys.exit(f"there is no key named {asked.name!r} (known: {known})")
    _note(f"Revoked {asked.name}: running gateways refuse it within seconds.")
    _warn(list_keys(ledger))


def _warn(keys: list[ApiKey]) -> None:
    """Say when the gateway is open, or closed to its owner."""
    if not keys:
        _note(OPEN)
    elif not any("control" in key.scopes and not _is_over(key) for key in keys):
        _note(NO_CONTROL)


def _lifetime(key: ApiKey) -> str:
    since = f"since {_day(key.created)}"
    if key.expires is None:
        return since
    return f"{since}, {'expired' if _is_over(key) else 'expires'} {_day(key.expires)}"


def _is_over(key: ApiKey) -> bool:
    return key.expires is not None and key.expires <= time.time()


def _day(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))


def _note(text: str) -> None:
    print(text, file=sys.stderr)


def _days(text: str) -> float:
    days = float(text)
    if not 0 < days <= 36500:
        raise argparse.ArgumentTypeError("the days have to be between 0 and 36500")
    return days


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="control.keys", description="API keys that open the gateway")
    verbs = parser.add_subparsers(required=True, metavar="add | list | revoke")
    add = verbs.add_parser("add", help="make a key and show it once")
    add.add_argument("name", help="who or what it is for: 'phone'")
    add.add_argument(
        "--scope", action="append", choices=SCOPES, help="what it opens (may be repeated); inference"
    )
    add.add_argument("--days", type=_days, help="how long it is valid; always, when left out")
    add.set_defaults(do=_add)
    verbs.add_parser("list", help="every key that was not revoked").set_defaults(do=_list)
    revoke = verbs.add_parser("revoke", help="let a key open nothing from now on")
    revoke.add_argument("name")
    revoke.set_defaults(do=_revoke)
    return parser


if __name__ == "__main__":
    main()
