"""What a value that reaches a shell, a path or a URL may look like."""

import pytest
from pydantic import TypeAdapter, ValidationError

from blocks import words
from tests.blocks.hostile import HOSTILE

GOOD = {
    "Name": ["a", "spark-1", "qwen3.6-35b-a3b", "0", "a" * 63],
    "Address": ["10.0.0.1", "::1", "fd00::1", "spark-1", "spark-1.lan.", "a" * 63 + ".example"],
    "User": ["spark", "_svc", "a.b-c_d9"],
    "Path": ["/", "~", "~/models", "/mnt/my models/it's", "/srv/..hidden", "/a" * 512],
    "Container": ["vllm_node", "Parakeet-asr.2", "0"],
    "Image": ["vllm-node", "nvcr.io/nvidia/vllm:26.01-py3", "localhost:5000/a/b@sha256:" + "0" * 64],
    "ModelSource": ["org/name", "nvidia/Qwen3.6-35B-A3B-NVFP4", "~/models/own", "/srv/models/own"],
    "UrlPath": ["/", "/health", "/v2/health/ready", "/.well-known/ready/", "/~user/a-b_c.d"],
    "EnvName": ["HF_HOME", "_", "vllm_x9"],
    "HostKey": ["", "ssh-ed25519 AAAAC3Nza+/=", "ecdsa-sha2-nistp256 AAAA"],
    "Plain": ["", "--max-model-len", "it's $(fine) here; it is quoted", '{"a": 1}', "ä✓"],
}
BAD = {
    "Name": ["", "Spark", "-a", ".a", "a/b", "a" * 64],
    "Address": [
        "",
        "-a",
        "a-",
        "a..b",
        "a_b",
        "10.0.0.1,10.0.0.2",
        "user@host",
        "host:22",
        "a" * 64,
        "[::1]",
    ],
    "User": ["", "Root", "9a", "a@b", "a" * 33],
    "Path": ["", "models", "./a", "~user/a", "/a/..", "~/../a", "/a\nb", "/a\x7f", "/\ud800"],
    "Container": ["", "-a", "a/b", "_a", "a" * 129],
    "Image": ["", "-v", "a b", "a@sha256:short", "a" * 256],
    "ModelSource": ["", "name", "a/b/c", "a/..", "-a/b", "a/-b", "~user/a", "/a/../b", "https://x/y"],
    "UrlPath": ["", "health", "//other.example/x", "/a/../b", "/..", "/a?b=c", "/a#b", "/a b", "/a//b"],
    "EnvName": ["", "9A", "A-B", "A=B", "A B"],
    "HostKey": ["ssh-dss AAAA", "AAAA", "ssh-ed25519", "ssh-ed25519 AAAA comment", "ssh-rsa AAAA\nx"],
    "Plain": ["a\tb", "a\rb", "\x1b[31m", "a" * 4097],
}


def refused(kind: str, value: str) -> bool:
    try:
        TypeAdapter(getattr(words, kind)).validate_python(value)
    except ValidationError:
        return True
    return False


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in GOOD for value in GOOD[kind]])
def test_a_usual_value_is_taken(kind: str, value: str):
    assert not refused(kind, value)


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in BAD for value in BAD[kind]])
def test_an_unfit_value_is_refused(kind: str, value: str):
    assert refused(kind, value)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", [kind for kind in GOOD if kind != "Plain"])
def test_a_hostile_value_is_refused_by_every_kind_of_word(kind: str, name: str):
    assert refused(kind, HOSTILE[name])


@pytest.mark.parametrize("name", ["newline", "NUL", "lone surrogate", "ten kilobytes"])
def test_free_text_refuses_what_no_argument_can_hold(name: str):
    assert refused("Plain", HOSTILE[name])


@pytest.mark.parametrize("port", [0, -1, 65536, "22; id", 1.5, None])
def test_a_port_is_a_number_that_a_port_can_have(port: object):
    with pytest.raises(ValidationError):
        TypeAdapter(words.Port).validate_python(port)


def test_addresses_and_paths_are_kept_in_one_spelling():
    paths = [TypeAdapter(words.Path).validate_python(path) for path in ("~/models/own/", "/", "~/")]
    assert paths == ["~/models/own", "/", "~"]
    assert TypeAdapter(words.Address).validate_python("FD00:0::1") == "fd00::1"
