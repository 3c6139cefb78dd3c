"""One call of a webhook: its signature, the addresses it may go to, and what it makes of an answer."""

import hashlib
import hmac
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.ledger.deliveries import Delivery
from tasks import webhook
from tasks.webhook import call, headers_of, may_call
from tests.tasks.receiver import HANG_UP, receiving


def delivery(body: str = '{"event": "host_down"}') -> Delivery:
    return Delivery(1, "d-1", "e-1", "crm", "host_down", 0.0, body, "sending", 1, 0.0, None, "", None)


def verify(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """What docs/how-to/webhooks.md tells receivers to do."""
    signed = headers["x-timestamp"].encode() + b"." + body
    expected = "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, headers["x-signature"])


def test_the_receiver_can_prove_who_sent_it_and_tell_two_deliveries_apart():
    with receiving() as receiver:
        assert call(receiver.url, "s3cret", delivery()).status == 200

        (told,) = receiver.told
    assert verify("s3cret", told.headers, told.body)
    assert not verify("other", told.headers, told.body)
    assert not verify("s3cret", {**told.headers, "x-timestamp": "1"}, told.body), "an old one sent again"
    assert (told.headers["x-event"], told.headers["x-delivery"]) == ("host_down", "d-1")
    assert told.headers["host"] == f"127.0.0.1:{receiver.port}"


def test_a_known_signature_stays_what_it_is():
    headers = headers_of(delivery('{"a": 1}'), "key", 1_700_000_000)

    assert headers["X-Signature"] == (
        "sha256=17e36a190ee125a4782d21867ffdf5712238dc71b452ba98254537bfdb4f3a77"
    )


def test_without_a_secret_nothing_is_signed():
    assert "X-Signature" not in headers_of(delivery(), "", 1)


@given(st.text(min_size=1), st.text())
def test_another_body_or_time_has_another_signature(secret: str, body: str):
    first = headers_of(delivery(body), secret, 1)["X-Signature"]

    assert first != headers_of(delivery(body + "!"), secret, 1)["X-Signature"]
    assert first != headers_of(delivery(body), secret, 2)["X-Signature"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (204, ""),
        (500, "status 500"),
        (302, "a redirect, which is not followed"),
        (HANG_UP, "the call failed"),
    ],
)
def test_what_an_answer_means_is_said_in_words(status: int, words: str):
    with receiving(lambda _told: status) as receiver:
        answer = call(receiver.url, "", delivery())

        assert answer.status == (status or None)
        assert words in answer.error
        assert bool(answer.error) == bool(words)
        assert len(receiver.told) == 1


def test_a_receiver_that_never_answers_is_given_up_after_a_while(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(webhook, "CALL_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = call(f"http://127.0.0.1:{silent.getsockname()[1]}/", "", delivery())

    assert (answer.status, answer.error[:15]) == (None, "no answer withi")


def test_nobody_there_is_said_and_not_raised():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert "the call failed" in call(f"http://127.0.0.1:{port}/", "", delivery()).error


@pytest.mark.parametrize(
    ("address", "lan"),
    [
        ("127.0.0.1", True), ("10.1.2.3", True), ("192.168.1.9", True), ("172.16.0.1", True),
        ("100.101.102.103", True), ("169.254.3.4", True), ("::1", True), ("fd00::1", True),
        ("fe80::1%eth0", True), ("::ffff:192.168.1.9", True),
        ("8.8.8.8", False), ("2606:4700::1111", False), ("::ffff:8.8.8.8", False), ("2002:808:808::1", False),
    ],
)  # fmt: skip
def test_only_addresses_of_the_lan_are_called_unless_others_are_allowed(address: str, lan: bool):
    assert may_call(address, allow_public=False) is lan
    assert may_call(address, allow_public=True)


@pytest.mark.parametrize("address", ["224.0.0.1", "0.0.0.0", "255.255.255.255", "ff02::1", "::"])
def test_addresses_that_are_no_one_hosts_are_never_called(address: str):
    assert not may_call(address, allow_public=True)


def test_a_public_address_is_refused_before_anything_is_sent():
    answer = call("http://8.8.8.8/hook", "", delivery())

    assert answer.status is None
    assert "8.8.8.8, which is not on the LAN" in answer.error


def test_a_name_that_leads_to_one_public_address_too_is_refused_as_a_whole(monkeypatch: pytest.MonkeyPatch):
    with receiving() as receiver:
        _resolve(monkeypatch, ["127.0.0.1", "8.8.8.8"])
        answer = call(f"http://two.example:{receiver.port}/", "", delivery())

        assert "two.example leads to 8.8.8.8" in answer.error
        assert receiver.told == []


def test_the_address_that_was_checked_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch):
    """A name that leads elsewhere when it is asked for again changes nothing: it is asked for once."""
    with receiving() as receiver:
        asked = _resolve(monkeypatch, ["127.0.0.1"])
        answer = call(f"http://hook.example:{receiver.port}/", "", delivery())

        assert (answer.status, asked) == (200, ["hook.example"])
        assert receiver.told[0].headers["host"] == f"hook.example:{receiver.port}"


def test_when_the_first_address_does_not_answer_the_next_one_is_called(monkeypatch: pytest.MonkeyPatch):
    with receiving() as receiver:
        _resolve(monkeypatch, ["127.0.0.9", "127.0.0.1"])

        assert call(f"http://hook.example:{receiver.port}/", "", delivery()).status == 200


def _resolve(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> list[str]:
    """Let every name lead to these addresses; what is asked for is written down."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host, port, *args, **kwargs):
        if host in addresses:
            return real(host, port, *args, **kwargs)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked
