"""Telling the outside: the signature of the webhook, and the choices of Prefect's run form."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from tasks.announce import with_choices
from tasks.webhook import signature

SCHEMA = {
    "type": "object",
    "properties": {"model": {"title": "model", "type": "string"}, "force": {"type": "boolean"}},
    "required": ["model"],
}


def test_the_receiver_can_prove_who_sent_the_body():
    body = b'{"event": "swap_complete"}'

    expected = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()

    assert signature("s3cret", body) == {"X-Spark-Signature": f"sha256={expected}"}


def test_a_known_signature_stays_what_it_is():
    assert signature("key", b"The quick brown fox jumps over the lazy dog") == {
        "X-Spark-Signature": "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    }


def test_without_a_secret_nothing_is_signed():
    assert signature("", b"body") == {}


@given(st.text(min_size=1), st.binary())
def test_another_body_has_another_signature(secret: str, body: bytes):
    assert signature(secret, body) != signature(secret, body + b"!")


def test_a_form_offers_the_choices_for_its_parameter_and_keeps_the_rest():
    changed = with_choices(SCHEMA, "model", ["a", "b"])

    assert changed["properties"]["model"] == {"title": "model", "type": "string", "enum": ["a", "b"]}
    assert changed["properties"]["force"] == SCHEMA["properties"]["force"]
    assert changed["required"] == ["model"]
    assert "enum" not in SCHEMA["properties"]["model"], "the schema given is left as it was"


def test_new_choices_replace_the_old_ones_and_none_means_any():
    offered = with_choices(with_choices(SCHEMA, "model", ["a"]), "model", ["b"])

    assert offered["properties"]["model"]["enum"] == ["b"]
    assert with_choices(offered, "model", []) == SCHEMA
