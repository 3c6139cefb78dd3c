"""The menu: what can be swapped to, from what lies on the disks."""

import pytest

from blocks.cluster import Cluster, Host, with_default_services
from blocks.ledger.seen import Sight
from blocks.menu import Entry, OnDisk, disks_from, files_subject, make_menu, swappable
from blocks.recipe import Catalog, Recipe, bundled_recipes

TWO_HOSTS = with_default_services(
    Cluster(hosts=[Host(name="spark-1", address="10.0.0.1"), Host(name="spark-2", address="10.0.0.2")])
)
SOLO = Recipe(key="solo", model="org/solo", name="Solo")
BOTH = Recipe(key="both", model="org/both", hosts=2)
CATALOG = Catalog(recipes=[SOLO, BOTH])


def on_disk(model: str, size: int = 10, *, complete: bool = True) -> OnDisk:
    return OnDisk(model, size, complete, missing=() if complete else ("model-2.safetensors",))


def entry(key: str, disks: dict[str, list[OnDisk]], cluster: Cluster = TWO_HOSTS) -> Entry:
    return {found.key: found for found in make_menu(cluster, CATALOG, disks)}[key]


def test_a_model_whole_on_the_host_that_runs_it_is_ready():
    found = entry("solo", {"spark-1": [on_disk("org/solo")], "spark-2": []})

    assert (found.state, found.why, found.hosts, found.title) == ("ready", "", ("spark-1",), "Solo")


def test_a_model_that_lies_on_the_other_host_only_is_incomplete_where_it_is_needed():
    found = entry("solo", {"spark-1": [], "spark-2": [on_disk("org/solo")]})

    assert found.state == "incomplete"
    assert found.why == "org/solo is not whole on spark-1"


def test_a_half_finished_download_is_not_offered():
    found = entry("solo", {"spark-1": [on_disk("org/solo", complete=False)]})

    assert (found.state, found.hosts) == ("incomplete", ())


@pytest.mark.parametrize(
    ("second", "state", "why"),
    [
        ([on_disk("org/both")], "ready", ""),
        ([], "incomplete", "org/both is not whole on spark-2"),
        ([on_disk("org/both", complete=False)], "incomplete", "org/both is not whole on spark-2"),
    ],
)
def test_a_model_for_two_hosts_must_be_whole_on_both(second: list[OnDisk], state: str, why: str):
    found = entry("both", {"spark-1": [on_disk("org/both")], "spark-2": second})

    assert (found.state, found.why) == (state, why)


def test_a_model_for_two_hosts_needs_setup_on_a_cluster_of_one():
    one = with_default_services(Cluster(hosts=TWO_HOSTS.hosts[:1]))

    found = entry("both", {"spark-1": [on_disk("org/both")]}, one)

    assert found.state == "needs setup"
    assert "needs 2 hosts" in found.why


def test_a_recipe_without_weights_says_download_it_first():
    found = entry("solo", {"spark-1": [], "spark-2": []})

    assert (found.state, found.bytes) == ("not on disk", 0)
    assert "download it first" in found.why


def test_weights_without_a_recipe_need_setup_under_the_key_they_would_get():
    found = entry("new-7b", {"spark-1": [], "spark-2": [on_disk("other/New-7B", 7)]})

    assert (found.state, found.recipe, found.bytes) == ("needs setup", None, 7)
    assert found.hosts == ("spark-2",)


def test_half_a_stranger_is_incomplete():
    found = entry("new-7b", {"spark-1": [on_disk("other/New-7B", complete=False)]})

    assert (found.state, found.why) == ("incomplete", "other/New-7B is whole on no host")


def test_two_recipes_for_the_same_weights_are_two_entries():
    catalog = Catalog(recipes=[SOLO, SOLO.model_copy(update={"key": "solo-long"})])

    menu = make_menu(TWO_HOSTS, catalog, {"spark-1": [on_disk("org/solo")]})

    assert swappable(menu) == ["solo", "solo-long"]


def test_the_size_is_that_of_the_largest_copy():
    disks = {"spark-1": [on_disk("org/solo", 3, complete=False)], "spark-2": [on_disk("org/solo", 9)]}

    assert entry("solo", disks).bytes == 9


def test_what_can_be_swapped_to_comes_first():
    disks = {"spark-1": [on_disk("org/solo"), on_disk("org/both"), on_disk("a/stranger")]}

    menu = make_menu(TWO_HOSTS, CATALOG, disks)

    assert [(found.key, found.state) for found in menu[:3]] == [
        ("solo", "ready"),
        ("stranger", "needs setup"),
        ("both", "incomplete"),
    ]
    assert {found.state for found in menu[3:]} == {"not on disk"}
    assert [found.key for found in menu[3:]] == sorted(recipe.key for recipe in bundled_recipes())
    assert swappable(menu) == ["solo"]


def test_an_empty_cluster_has_a_menu_without_anything_to_swap_to():
    assert swappable(make_menu(Cluster(), CATALOG, {})) == []


def test_disks_are_read_from_what_the_observer_wrote():
    model = {"model": "org/solo", "bytes": 5, "complete": False, "revision": "abc", "missing": ["x"]}
    sights = {"disk/spark-1": Sight("disk/spark-1", 0.0, {"models": [model]})}

    assert disks_from(sights) == {"spark-1": [OnDisk("org/solo", 5, False, "abc", ("x",))]}


def test_a_half_is_shown_with_its_bytes_by_host():
    half = OnDisk("org/solo", 10**9, complete=False, disk_bytes=3 * 10**9, partial_bytes=2 * 10**9)

    found = entry("solo", {"spark-1": [half], "spark-2": [on_disk("org/solo", 9)]})

    assert found.why == "org/solo is not whole on spark-1 (so far 3.0 GB on spark-1)"
    assert found.on_disk == {"spark-1": 3 * 10**9, "spark-2": 9}


def test_the_files_of_a_model_have_a_subject_that_fits_and_is_its_own():
    assert files_subject("spark-1", "org/name") == "files/spark-1/org/name"
    long = [files_subject("spark-1", f"{'o' * 96}/{'n' * 90}{number}") for number in (1, 2)]
    assert [len(subject) for subject in long] == [120, 120]
    assert long[0] != long[1]
