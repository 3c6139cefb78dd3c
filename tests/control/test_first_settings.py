"""The settings of the first start: from cluster.yaml, or from the environment."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocks.settings import make_settings
from control.first_settings import BadSettingsFile, first_bot, first_cluster


def test_hosts_come_from_one_variable():
    found = first_cluster({"SPARK_HOSTS": "spark-1=ada@10.0.0.1:2222, spark-2=10.0.0.2,"}, None)

    assert found == {
        "hosts": [
            {"name": "spark-1", "user": "ada", "address": "10.0.0.1", "ssh_port": 2222},
            {"name": "spark-2", "address": "10.0.0.2"},
        ]
    }


def test_one_key_serves_all_hosts():
    environment = {"SPARK_HOSTS": "a=10.0.0.1,b=10.0.0.2", "SPARK_SSH_KEY": "/keys/id"}

    assert [host["key_path"] for host in first_cluster(environment, None)["hosts"]] == ["/keys/id"] * 2


def test_an_ipv6_address_is_not_taken_apart():
    hosts = first_cluster({"SPARK_HOSTS": "a=ada@fd00::1"}, None)["hosts"]

    assert hosts == [{"name": "a", "user": "ada", "address": "fd00::1"}]


def test_the_other_settings_have_variables_too():
    environment = {
        "SPARK_LAUNCHER_DIRECTORY": "/opt/launcher",
        "SPARK_HF_CACHE": "/mnt/hf",
        "SPARK_MODELS_DIRECTORY": "/mnt/models",
        "SPARK_IMAGE": "vllm:1",
    }

    assert first_cluster(environment, None) == {
        "launcher_directory": "/opt/launcher",
        "hf_cache": "/mnt/hf",
        "models_directory": "/mnt/models",
        "image": "vllm:1",
    }


@pytest.mark.parametrize("environment", [{}, {"SPARK_HOSTS": " , ", "SPARK_IMAGE": ""}])
def test_without_variables_there_are_no_settings(environment: dict[str, str]):
    assert first_cluster(environment, None) == {}


def test_where_there_is_a_file_it_alone_counts():
    text = "hosts:\n- {name: spark-1, address: 10.0.0.1}\nimage: vllm:2\n"

    found = first_cluster({"SPARK_HOSTS": "other=10.0.0.9", "SPARK_HF_CACHE": "/x"}, text)

    assert found == {"hosts": [{"name": "spark-1", "address": "10.0.0.1"}], "image": "vllm:2"}


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_an_empty_file_has_no_settings(text: str):
    assert first_cluster({}, text) == {}


@pytest.mark.parametrize(
    "text", ["hosts: [", "\thosts: x", "a: b: c", "- spark-1\n", "spark-1", "7", "!!python/x 1"]
)
def test_a_file_that_is_no_list_of_settings_is_refused_with_its_name(text: str):
    with pytest.raises(BadSettingsFile, match=r"cluster\.yaml"):
        first_cluster({}, text)
    with pytest.raises(BadSettingsFile, match=r"bot\.yaml"):
        first_bot(text)


def test_the_bot_is_that_of_its_file_and_without_one_there_is_none():
    assert first_bot("host: spark-2\nuser: bot\n") == {"host": "spark-2", "user": "bot"}
    assert first_bot(None) == first_bot("") == {}


@pytest.mark.parametrize(
    "entry", ["spark-1=$(id)@10.0.0.1", "spark-1=a@10.0.0.1:many", "SPARK=10.0.0.1", "=", "a@b=c"]
)
def test_a_bad_entry_is_named_when_the_settings_are_read(entry: str):
    data = first_cluster({"SPARK_HOSTS": f"good=10.0.0.1,{entry}"}, None)

    read = make_settings({"cluster": data})

    assert "good" in [host.name for host in read.cluster.hosts]
    assert any(problem.startswith("cluster: hosts[") for problem in read.problems)


@settings(deadline=None)
@given(st.text("ab1=@:,.$ \u00e4-", max_size=40))
def test_no_text_in_the_variable_stops_the_start(text: str):
    make_settings({"cluster": first_cluster({"SPARK_HOSTS": text}, None)})
