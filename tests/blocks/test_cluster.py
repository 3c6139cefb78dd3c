"""The cluster: default services, looking things up, and what does not fit together."""

import pytest

from blocks.cluster import UNLIMITED, Cluster, Host, Service, faults_of, with_default_services
from blocks.tolerant import read_settings

ONE = Host(name="spark-1", address="10.0.0.1")
TWO = Host(name="spark-2", address="10.0.0.2", fabric_address="192.168.9.2")


def service(name: str = "llm", kind: str = "vllm", host: str = "spark-1", port: int = 8888) -> Service:
    return Service.model_validate(
        {"name": name, "kind": kind, "host": host, "port": port, "container": "vllm_node"}
    )


def test_two_hosts_get_the_services_of_the_usual_layout():
    cluster = with_default_services(Cluster(hosts=[ONE, TWO]))

    assert [(s.name, s.kind, s.host, s.port, s.container) for s in cluster.services] == [
        ("vllm", "vllm", "spark-1", 8888, "vllm_node"),
        ("parakeet", "stt", "spark-2", 8000, "parakeet-asr"),
        ("kokoro", "tts", "spark-2", 8880, "kokoro-tts"),
        ("embeddings", "embeddings", "spark-2", 8081, "embeddings"),
        ("qdrant", "qdrant", "spark-2", 6333, "qdrant"),
    ]
    assert cluster.service("qdrant").health_path == "/readyz"
    assert faults_of(cluster) == []


def test_a_single_host_takes_all_services():
    cluster = with_default_services(Cluster(hosts=[ONE]))

    assert {s.host for s in cluster.services} == {"spark-1"}


def test_a_third_host_takes_none_of_the_default_services():
    three = Host(name="spark-3", address="10.0.0.3")

    cluster = with_default_services(Cluster(hosts=[ONE, TWO, three]))

    assert {s.host for s in cluster.services} == {"spark-1", "spark-2"}


def test_services_of_ones_own_stand_alone():
    cluster = Cluster(hosts=[ONE, TWO], services=[service()])

    assert with_default_services(cluster) == cluster


def test_without_hosts_there_are_no_services():
    assert with_default_services(Cluster()).services == []


def test_doubled_names_and_services_without_a_host_are_faults_with_names():
    cluster = Cluster(hosts=[ONE, ONE, TWO], services=[service(), service(), service("asr", host="spark-9")])

    assert faults_of(cluster) == [
        "two hosts are named 'spark-1'",
        "two services are named 'llm'",
        "service 'asr' is on host 'spark-9', which is not in the cluster",
    ]


def test_a_host_is_reached_by_its_peers_over_the_fabric_where_it_has_one():
    assert ONE.peer_address == "10.0.0.1"
    assert TWO.peer_address == "192.168.9.2"


def test_a_name_that_is_not_there_is_answered_with_those_that_are():
    cluster = with_default_services(Cluster(hosts=[ONE, TWO]))

    with pytest.raises(LookupError, match=r"no host named 'spark-9' .*spark-1, spark-2"):
        cluster.host("spark-9")
    with pytest.raises(LookupError, match=r"no service named 'asr' .*vllm, parakeet"):
        cluster.service("asr")
    with pytest.raises(LookupError, match="known: none"):
        Cluster().host("spark-1")


def test_models_are_swapped_in_the_first_service_of_kind_vllm():
    services = [service("asr", kind="stt"), service("first"), service("second")]

    assert Cluster(hosts=[ONE], services=services).vllm.name == "first"


def test_without_a_vllm_service_there_is_a_hint_what_to_add():
    with pytest.raises(LookupError, match="no service of kind 'vllm'"):
        _ = Cluster(hosts=[ONE], services=[service(kind="http")]).vllm


def test_the_host_of_the_vllm_service_leads_and_the_others_follow():
    cluster = Cluster(hosts=[ONE, TWO], services=[service(host="spark-2")])

    assert [host.name for host in cluster.hosts_for(1)] == ["spark-2"]
    assert [host.name for host in cluster.hosts_for(2)] == ["spark-2", "spark-1"]


def test_a_model_for_more_hosts_than_there_are_is_refused_with_both_numbers():
    cluster = with_default_services(Cluster(hosts=[ONE, TWO]))

    with pytest.raises(LookupError, match="needs 3 hosts, the cluster has 2"):
        cluster.hosts_for(3)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("10.0.0.1", "http://10.0.0.1:8888"),
        ("fd00::1", "http://[fd00::1]:8888"),
        ("spark-1.lan", "http://spark-1.lan:8888"),
    ],
)
def test_a_service_has_a_base_url(address: str, url: str):
    cluster = Cluster(hosts=[Host(name="spark-1", address=address)], services=[service()])

    assert cluster.base_url(cluster.vllm) == url


USUAL = {"vllm": UNLIMITED, "stt": 2, "tts": 2, "embeddings": 8, "qdrant": UNLIMITED, "http": UNLIMITED}


@pytest.mark.parametrize(("kind", "limit"), USUAL.items())
def test_a_service_takes_as_many_requests_at_once_as_is_usual_for_its_kind(kind: str, limit: int):
    assert service(kind=kind).limit == limit


def test_an_operator_sets_another_number_of_requests_at_once():
    assert service(kind="tts").model_copy(update={"at_once": 5}).limit == 5
    assert service(kind="embeddings").model_copy(update={"at_once": 0}).limit == UNLIMITED


@pytest.mark.parametrize("at_once", [0, 4, 100])
def test_speech_to_text_never_gets_more_at_once_than_its_memory_bears(at_once: int):
    raw = {"name": "asr", "kind": "stt", "host": "spark-1", "port": 8000, "container": "asr"}

    cluster, problems = read_settings(Cluster, {"services": [{**raw, "at_once": at_once}]})

    assert cluster.service("asr").limit == 2
    said = "services[asr].at_once: a service of kind stt takes 1 to 3 requests at once"
    assert problems == [f"{said} (given: '{at_once}'): not used"]


@pytest.mark.parametrize(
    ("field", "value", "default"),
    [("at_once", -1, None), ("queue", -1, 64), ("dialect", "klingon", "openai"), ("realtime", "?", False),
     ("idle_seconds", 0, 600)],
)  # fmt: skip
def test_a_bad_value_of_a_service_falls_back_alone(field: str, value: object, default: object):
    raw = {"name": "asr", "kind": "stt", "host": "spark-1", "port": 8000, "container": "asr"}

    cluster, problems = read_settings(Cluster, {"services": [{**raw, field: value}]})

    assert getattr(cluster.service("asr"), field) == default
    assert [problem.partition(":")[0] for problem in problems] == [f"services[asr].{field}"]


def test_the_first_service_that_is_marked_so_is_the_realtime_one():
    marked = [service(name).model_copy(update={"realtime": True}) for name in ("first", "second")]

    assert Cluster(hosts=[ONE], services=[service("plain"), *marked]).realtime.name == "first"
    with pytest.raises(LookupError, match="marked 'realtime'"):
        _ = Cluster(hosts=[ONE], services=[service()]).realtime
