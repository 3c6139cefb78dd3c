"""A gateway that may not open its map does not start, and says why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.redaction.vault import Vault


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda key: key.write_text("00" * 32), "not the one that this map was written with"),
        (lambda key: key.unlink(), "key"),
        (lambda key: key.chmod(0o644), "chmod 600"),
    ],
    ids=["another key", "no key", "a key that others can read"],
)
def test_a_key_that_does_not_fit_the_map_refuses_the_start(tmp_path: Path, spoil: object, said: str) -> None:
    path, key = tmp_path / "map" / "map.db", tmp_path / "keys" / "key"
    Vault(path, key, 60).close()
    spoil(key)  # type: ignore[operator]
    more = {
        "REDACTION_MAP_DB": str(path),
        "REDACTION_KEY_FILE": str(key),
        "SPARK_LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db",
    }

    ended = subprocess.run(
        [sys.executable, "-m", "gateway"],
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
