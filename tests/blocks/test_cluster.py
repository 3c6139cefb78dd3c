"""The cluster: default services, looking things up, and what does not fit together."""

import pytest

from blocks.cluster import Cluster, Host, Service, faults_of, with_default_services

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
