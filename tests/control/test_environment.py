"""The environment that the processes of the house share."""

import socket
from pathlib import Path

from control.environment import free_port, house_environment

STATE = Path("/srv/state")


def test_every_file_of_the_house_lies_in_its_state_folder():
    environment = house_environment(STATE, {})

    assert environment["PREFECT_HOME"] == "/srv/state/prefect"
    assert environment["SPARK_LEDGER_URL"] == "sqlite:////srv/state/ledger.db"
    assert environment["SPARK_LOG_DIR"] == "/srv/state/logs"
    assert environment["SPARK_KNOWN_HOSTS"] == "/srv/state/known_hosts"


def test_what_is_set_already_stands():
    given = {
        "SPARK_LEDGER_URL": "postgresql+psycopg://db/spark",
        "SPARK_GATEWAY_PORT": "80",
        "HOME": "/home/ada",
    }

    environment = house_environment(STATE, given)

    assert given.items() <= environment.items()


def test_the_home_of_prefect_is_the_houses_own_whatever_make_says():
    assert house_environment(STATE, {"PREFECT_HOME": "/elsewhere"})["PREFECT_HOME"] == "/srv/state/prefect"


def test_the_address_of_prefect_follows_its_port():
    environment = house_environment(STATE, {"PREFECT_SERVER_API_PORT": "4321"})

    assert environment["PREFECT_API_URL"] == "http://127.0.0.1:4321/api"


def test_everything_listens_on_loopback_unless_told_otherwise():
    environment = house_environment(STATE, {})

    assert environment["PREFECT_SERVER_API_HOST"] == environment["SPARK_GATEWAY_HOST"] == "127.0.0.1"


def test_a_free_port_can_be_listened_on():
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        assert listener.getsockname()[1] > 1024
