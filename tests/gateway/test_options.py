"""What the environment may say, and how it is told that it cannot."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.options import Options, read_options


def test_nothing_said_and_blanks_mean_defaults(monkeypatch: pytest.MonkeyPatch):
    for name in ("PREFECT_API_URL", "SPARK_LEDGER_URL"):
        monkeypatch.delenv(name, raising=False)
    names = ("HOLD_SECONDS", "AUTO_SWAP", "ACCESS_LOG", "MAX_CONNECTIONS", "CORS_ORIGINS", "GATEWAY_PORT")

    assert read_options({}) == read_options({f"SPARK_{name}": " " for name in names}) == Options()


SAID = [
    ("SPARK_AUTO_SWAP", "on", "auto_swap", True), ("SPARK_AUTO_SWAP", " OFF ", "auto_swap", False),
    ("SPARK_LEAST_STAY_SECONDS", "0", "least_stay_seconds", 0.0),
    ("SPARK_LONGEST_WAIT_SECONDS", "60", "longest_wait_seconds", 60.0),
    ("SPARK_HEARTBEAT_SECONDS", "2.5", "heartbeat_seconds", 2.5),
    ("SPARK_STALL_SECONDS", "10", "stall_seconds", 10.0),
    ("SPARK_LONGEST_SECONDS", "60", "longest_seconds", 60.0),
    ("SPARK_DRAIN_SECONDS", "0", "drain_seconds", 0.0),
    ("SPARK_ACCESS_LOG", "/var/log/Gateway.log", "access_log", "/var/log/Gateway.log"),
    ("SPARK_MAX_CONNECTIONS", "16", "max_connections", 16),
    ("SPARK_BODY_LIMIT", "1e6", "body_limit", 1_000_000),
    ("SPARK_ALLOWED_HOSTS", "Spark.Example, 10.0.0.1,", "allowed_hosts", {"spark.example", "10.0.0.1"}),
    ("SPARK_CORS_ORIGINS", "https://Chat.example/, http://10.0.0.9:3000", "cors_origins",
     {"https://chat.example", "http://10.0.0.9:3000"}),
    ("SPARK_CORS_ORIGINS", "*,null,app://obsidian.md,file://", "cors_origins",
     {"*", "null", "app://obsidian.md", "file://"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "said", "field", "value"), SAID)
def test_a_variable_sets_its_option(name: str, said: str, field: str, value: Any):
    assert getattr(read_options({name: said}), field) == value


@pytest.mark.parametrize("said", ["nan", "inf", "-inf", "-1", "many", "1e999", "0x10", "1 2"])
@pytest.mark.parametrize("name", ["SPARK_HOLD_SECONDS", "SPARK_LONGEST_SECONDS", "SPARK_MAX_CONNECTIONS"])
def test_a_number_that_is_none_or_below_zero_is_refused_by_name(name: str, said: str):
    with pytest.raises(ValueError, match=f"{name} is '{said}'"):
        read_options({name: said})


REFUSED = [
    ("SPARK_STALL_SECONDS", "0"), ("SPARK_LONGEST_SECONDS", "0"), ("SPARK_MAX_CONNECTIONS", "0"),
    ("SPARK_MAX_CONNECTIONS", "1.5"), ("SPARK_GATEWAY_PORT", "65536"), ("SPARK_AUTO_SWAP", "yes please"),
    ("SPARK_CORS_ORIGINS", "chat.example"), ("SPARK_CORS_ORIGINS", "https://*.example/app"),
    ("SPARK_CORS_ORIGINS", "https://a.example https://b.example"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "said"), REFUSED)
def test_a_value_that_would_mean_nothing_is_refused_by_name(name: str, said: str):
    with pytest.raises(ValueError, match=name):
        read_options({name: said})


@settings(deadline=None)
@given(st.sampled_from([name for name, *_ in SAID]), st.text(max_size=20))
def test_any_text_is_an_option_or_is_refused_by_name(name: str, said: str):
    assert _answer(name, said) in ("taken", name)


def _answer(name: str, said: str) -> str:
    """What reading a variable came to: 'taken', or the first word of the refusal."""
    try:
        read_options({name: said})
    except ValueError as error:
        return str(error).split()[0]
    return "taken"
