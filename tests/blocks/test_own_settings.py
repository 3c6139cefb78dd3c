"""Settings changed as in a browser: validated before they are kept, none lost, no secret shown."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from blocks.ledger.migrate import migrate
from blocks.ledger.store import Ledger
from blocks.ledger.tables import journal
from blocks.own_document import Document, DocumentBusy, NoDocument
from blocks.own_settings import Changed, Unfit, UnknownBlock, Wish, change_settings, show_settings, unmasked
from blocks.setting_fields import KINDS, MASK, show, version_of
from blocks.settings import make_settings
from tests.gateway.fake_prefect import FakePrefect

HOST = {"name": "spark-1", "address": "192.0.2.1"}
SECRETS = {
    "swap-webhook": {
        "url": "http://192.0.2.9/",
        "secret": "first-secret",
        "secrets": {"crm": "second-secret"},
    },
    "upstream-keys": {"keys": {"vllm": "third-secret"}},
    "ngc-key": {"key": "fourth-secret"},
}


@pytest.fixture
def prefect(monkeypatch):
    prefect = FakePrefect()
    prefect.documents |= {block: {} for block in KINDS}
    prefect.documents["cluster"] = {"hosts": [HOST], "drain_seconds": 30, "image": ""}
    prefect.documents |= json.loads(json.dumps(SECRETS))
    monkeypatch.setenv("PREFECT_API_URL", prefect.url)
    yield prefect
    prefect.close()


@pytest.fixture
def ledger(tmp_path):
    migrate(f"sqlite:///{tmp_path}/ledger.db")
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    yield ledger
    ledger.close()


def view(block: str):
    return next(view for view in show_settings() if view.block == block)


def field(block: str, name: str):
    return next(field for field in view(block).fields if field.name == name)


def notes(ledger: Ledger) -> list[dict]:
    with ledger.read() as connection:
        return [row.data for row in connection.execute(select(journal))]


def test_each_field_is_shown_with_value_default_words_and_limits(prefect):
    drain, image, guard = (field("cluster", name) for name in ("drain_seconds", "image", "memory_guard"))

    assert (drain.value, drain.used, drain.default, drain.type) == (30, 30, 60, "integer")
    assert drain.limits == {"minimum": 0, "maximum": 3600}
    assert "How long a swap lets answers" in drain.description
    assert (image.value, image.used, image.problem) == (None, "vllm-node", "")
    assert guard.type == "object"
    assert view("cluster").form["$defs"]["MemoryGuard"]["properties"]["action"]["enum"][0] == "alert"


def test_a_value_that_is_not_used_says_why_and_the_default_stands(prefect):
    prefect.documents["cluster"]["drain_seconds"] = -1
    prefect.documents["cluster"]["services"] = [
        {"name": "x", "host": "spark-9", "port": 1, "container": "x"},
    ]
    drain, services = field("cluster", "drain_seconds"), field("cluster", "services")

    assert (drain.value, drain.used) == (-1, 60)
    assert "greater than or equal to 0" in drain.problem
    assert "spark-9" in services.problem


def test_no_secret_is_ever_shown(prefect, ledger):
    prefect.documents["upstream-keys"]["keys"]["vllm"] = ["third-secret"]
    shown = str(show_settings())
    change_settings(ledger, Wish("ngc-key", {"key": "fifth-secret"}))

    assert not [secret for secret in ("first", "second", "third", "fourth") if f"{secret}-secret" in shown]
    assert field("ngc-key", "key").value == MASK
    assert "fifth-secret" not in str(notes(ledger))


def test_a_change_is_kept_and_shows_before_and_after(prefect, ledger):
    change = change_settings(
        ledger, Wish("cluster", {"drain_seconds": 5, "image": "vllm-node:2"}, who="phone")
    )

    assert {name: (step.before, step.after) for name, step in change.fields.items()} == {
        "drain_seconds": (30, 5), "image": ("", "vllm-node:2")
    }  # fmt: skip
    assert prefect.documents["cluster"]["hosts"] == [HOST]
    assert make_settings(prefect.documents).cluster.drain_seconds == 5
    assert notes(ledger) == [
        {
            "block": "cluster",
            "who": "phone",
            "fields": {"drain_seconds": [30, 5], "image": ["", "vllm-node:2"]},
        }
    ]


def test_a_field_given_back_gets_its_default_and_nothing_changed_is_not_noted(prefect, ledger):
    change_settings(ledger, Wish("cluster", {"drain_seconds": None}))
    again = change_settings(ledger, Wish("cluster", {"drain_seconds": 60}))

    assert prefect.documents["cluster"]["drain_seconds"] == 60
    assert again.fields == {}
    assert len(notes(ledger)) == 1


@pytest.mark.parametrize(
    ("block", "values", "place"),
    [
        ("cluster", {"drain_seconds": -1}, "drain_seconds"),
        ("cluster", {"nonsense": 1}, "nonsense"),
        ("cluster", {"hosts": [{**HOST, "adress": "192.0.2.2"}]}, "hosts.0.adress"),
        ("cluster", {"hosts": [{**HOST, "user": "Root;"}]}, "hosts.0.user"),
        ("cluster", {"hosts": [HOST, HOST]}, "hosts"),
        ("cluster", {"memory_guard": {"action": "reboot"}}, "memory_guard.action"),
        ("cluster", {"services": [{"name": "x", "host": "no", "port": 1, "container": "x"}]}, "services"),
        ("swap-webhook", {"secrets": {"new": MASK}}, "secrets"),
        ("swap-webhook", {"url": "no url"}, "url"),
        ("upstream-keys", {"keys": {"vllm": "two words"}}, "keys"),
        ("ngc-key", {"key": 5}, "key"),
        ("bot", {"branch": "--upload-pack=x"}, "branch"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_place_and_nothing_is_kept(prefect, ledger, block, values, place):
    before = json.dumps(prefect.documents[block])

    with pytest.raises(Unfit) as refused:
        change_settings(ledger, Wish(block, values))

    assert place in [where for where, _ in refused.value.faults]
    assert refused.value.now == view(block)
    assert json.dumps(prefect.documents[block]) == before
    assert notes(ledger) == []


def test_a_bad_value_elsewhere_does_not_bar_a_change(prefect, ledger):
    prefect.documents["cluster"]["silence_seconds"] = "soon"

    change_settings(ledger, Wish("cluster", {"drain_seconds": 5}))

    assert prefect.documents["cluster"] == {
        "hosts": [HOST], "drain_seconds": 5, "image": "", "silence_seconds": "soon"
    }  # fmt: skip


def test_of_two_browsers_the_second_is_told_what_the_first_did(prefect, ledger):
    read = view("cluster").version
    change_settings(ledger, Wish("cluster", {"drain_seconds": 5}, read))

    with pytest.raises(Changed) as changed:
        change_settings(ledger, Wish("cluster", {"drain_seconds": 7}, read))
    change_settings(ledger, Wish("cluster", {"image": "other"}, changed.value.now.version))

    assert prefect.documents["cluster"]["drain_seconds"] == 5
    assert prefect.documents["cluster"]["image"] == "other"


def test_a_masked_secret_stays_and_its_neighbour_is_changed(prefect, ledger):
    before = view("swap-webhook").version
    change = change_settings(
        ledger, Wish("swap-webhook", {"secret": MASK, "secrets": {"crm": MASK, "new": "s"}})
    )

    assert prefect.documents["swap-webhook"]["secret"] == "first-secret"
    assert prefect.documents["swap-webhook"]["secrets"] == {"crm": "second-secret", "new": "s"}
    assert set(change.fields) == {"secrets"}
    assert change.fields["secrets"].after == {"crm": MASK, "new": MASK}
    assert change.now.version != before


def test_a_secret_that_changes_changes_the_version_and_another_documents_differs():
    one, two = Document("id-1", {"key": "a"}), Document("id-1", {"key": "b"})

    assert version_of(one) != version_of(two)
    assert version_of(one) != version_of(Document("id-2", {"key": "a"}))


def test_what_is_not_there_is_said(prefect, ledger):
    with pytest.raises(UnknownBlock, match="known: cluster"):
        change_settings(ledger, Wish("ledger", {"url": "x"}))
    del prefect.documents["bot"]
    with pytest.raises(NoDocument, match="start the house once"):
        change_settings(ledger, Wish("bot", {"branch": "main"}))


def test_a_change_in_prefects_ui_just_before_the_write_is_not_lost(prefect, ledger):
    def edited(data):
        if data["image"] == "":
            prefect.documents["cluster"]["image"] = "from-the-ui"
        return {"drain_seconds": len(data["image"])}

    change_settings(ledger, Wish("cluster", edited))
    prefect.documents["cluster"]["drain_seconds"] = 0

    assert prefect.documents["cluster"]["image"] == "from-the-ui"

    def never_done(data):
        prefect.documents["cluster"]["drain_seconds"] += 1
        return {"image": "mine"}

    with pytest.raises(DocumentBusy):
        change_settings(ledger, Wish("cluster", never_done))


words = st.text(max_size=5)
trees = st.recursive(
    words | st.integers(), lambda inner: st.dictionaries(words, inner, max_size=3), max_leaves=6
)


@given(trees)
def test_what_is_shown_of_a_secret_and_sent_back_leaves_it_as_it_was(stored):
    def hidden(value):
        if isinstance(value, dict):
            return {name: hidden(each) for name, each in value.items()}
        return MASK

    assert unmasked(hidden(stored), stored) == stored


@given(
    st.sampled_from(sorted(KINDS)), st.dictionaries(st.sampled_from(["hosts", "keys", "key", "image"]), trees)
)
def test_any_stored_data_can_be_shown(block, data):
    view = show(block, Document("id", data))

    assert [field.name for field in view.fields] == list(KINDS[block].model.model_fields)
    json.dumps([field.value for field in view.fields])
