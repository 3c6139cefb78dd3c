"""`python -m gateway.redaction.rotate`: a new master key for the map, with the gateway stopped."""

import sys

from gateway.redaction.master_key import WrongKey
from gateway.redaction.options import read_redaction_options
from gateway.redaction.vault import Vault


def main() -> None:
    """Wrap the keys of all tasks anew; values stay as they are."""
    try:
        options = read_redaction_options()
        vault = Vault(options.map_db, options.key_file, options.ttl_seconds)
        vault.rotate()
        vault.close()
    except (WrongKey, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
