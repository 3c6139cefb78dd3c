"""NIMs: what the catalogue knows, what is asked for in particular, and where images may come from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.nim import CATALOG, NgcKey, chosen_nim

KEY = "nvapi-" + "Zq7" * 22


def test_another_registry_is_taken_when_it_is_allowed_and_sees_no_login():
    key = NgcKey.model_validate({"key": KEY, "registries": ["registry.example:5000/nim/"]})

    assert key.refusal("registry.example:5000/nim/magpie:1") == ""
    assert key.refusal("nvcr.io/nim/nvidia/magpie-tts-multilingual:latest") == ""
    for image in ("docker.io/a/b", "nvcr.io.example/a", "registry.example:5000/other/x", "nvcr.io/../a"):
        assert "is not from nvcr.io/ or registry.example:5000/nim/" in key.refusal(image)


def test_what_is_asked_for_goes_before_the_catalogue():
    assert chosen_nim("magpie", name="voice", port=9100).port == 9100
    own = chosen_nim("nvcr.io/nim/nvidia/Some_Model:1.2@sha256:" + "0" * 64)
    assert (own.key, own.kind, own.port) == ("some_model", "http", 8000)
    assert chosen_nim("nvcr.io/nim/a/b", kind="tts").dialect == "magpie"
    with pytest.raises(LookupError, match="there is no NIM named 'nosuch'"):
        chosen_nim("nosuch")


def test_the_catalogue_holds_what_can_be_installed():
    assert len({nim.key for nim in CATALOG}) == len(CATALOG)
    assert len({nim.port for nim in CATALOG}) == len(CATALOG)
    assert all(NgcKey().refusal(nim.image) == "" for nim in CATALOG)


@given(st.text())
def test_any_text_is_a_key_that_can_be_written_to_a_file_of_variables_or_none(text: str):
    key = NgcKey.model_validate({"key": text})

    assert not key.there or not set(text) & set("\n\r\0 '\"\\$#")


def test_a_key_shows_in_no_text_of_itself():
    assert KEY not in repr(NgcKey.model_validate({"key": KEY}))
