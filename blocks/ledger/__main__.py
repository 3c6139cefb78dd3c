"""`python -m blocks.ledger`: bring the ledger's tables to this version."""

import os

from blocks.ledger.migrate import migrate

if __name__ == "__main__":
    migrate(os.environ["SPARK_LEDGER_URL"])
