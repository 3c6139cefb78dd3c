"""Settings that a person edits, and hostile ones: picked up, reported by name, and harmless."""

import hashlib
import hmac
import json

import pytest

from tests.house.ear import listening

ODD = [
    "it's",
    'a "quoted" word',
    "$HOME",
    "`id`",
    "$(touch pwned)",
    "two  spaces",
    "ünïcödé 模型",
    "a&b;c|d>e*?",
]
TEMPLATE = "{{ '" + " ".join(ODD).replace("'", "") + "' }}"
HOSTILE = [
    "x; touch pwned",
    "$(touch pwned)",
    "a\ntouch pwned",
    "-oProxyCommand=touch pwned",
    "`touch pwned`",
]


def test_the_engine_gets_the_arguments_of_the_recipe_byte_for_byte(house):
    recipe = {
        "key": "odd",
        "model": "nvidia/Qwen3.6-35B-A3B-NVFP4",
        "served_name": "odd one's",
        "args": [
            "--gpu-memory-utilization",
            "0.4",
            "--chat-template",
            TEMPLATE,
            "--speculative-config",
            '{"n": 3}',
        ],
        "env": {"GREETING": "hello $HOME 'w'  x"},
    }
    with recipes(house, recipe):
        run = house.wait(house.swap("odd"))

    assert run["state"] == "completed", run
    got = json.loads((house.sparks / "spark-1/docker/last-vllm-argv-vllm_node.json").read_text())
    assert got[:2] == ["serve", recipe["model"]]
    assert got[-len(recipe["args"]) :] == recipe["args"]
    assert got[got.index("--served-model-name") + 1] == "odd one's"
    assert not list(house.sparks.rglob("pwned"))


def test_a_local_folder_is_a_model(house):
    recipe = {"key": "tuned", "model": "~/models/house-tuned-8b", "args": ["--gpu-memory-utilization", "0.3"]}
    with recipes(house, recipe):
        run = house.wait(house.swap("tuned"))

    assert run["state"] == "completed", run
    assert house.answering() == ["tuned"]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_setting_is_named_not_used_and_runs_nothing(house, value):
    before = house.settings("cluster")
    hosts = [*before["hosts"], {"name": "evil", "address": value, "user": value, "key_path": value}]
    house.change_settings("cluster", hosts=hosts, image=value, launcher_directory=value, hf_cache=value)
    try:
        problems = house.wait_until(lambda: _problems(house, "evil"), 30, "report of the bad values")
    finally:
        house.change_settings("cluster", **before)
    house.wait_until(lambda: not _problems(house), 30, "end of the report")

    told = " ".join(problems)
    assert all(field in told for field in ("evil", "image", "launcher_directory", "hf_cache"))
    assert [host["name"] for host in house.client.get("/api/status").json()["hosts"]] == [
        "spark-1",
        "spark-2",
    ]
    assert not list(house.sparks.rglob("pwned"))


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_model_is_refused_by_api_and_flow(house, value):
    by_api = house.client.post("/api/swap", json={"model": value})
    by_button = house.start_in_prefect(model=value)

    house.wait_until(lambda: house.run(by_button)["state"] in {"failed", "crashed"}, 60, "refusal")

    assert by_api.status_code in {400, 404}
    assert not list(house.sparks.rglob("pwned"))


def test_a_changed_port_is_followed_without_a_restart(house):
    before = house.settings("cluster")
    services = [{**s, "port": 9} if s["name"] == "kokoro" else s for s in before["services"]]

    house.change_settings("cluster", services=services)
    try:
        house.wait_until(lambda: _up(house, "kokoro") is False, 30, "sight of the new port")
    finally:
        house.change_settings("cluster", **before)

    house.wait_until(lambda: _up(house, "kokoro"), 30, "sight of the old port")


def test_the_webhook_is_told_what_came_of_it(house):
    with listening() as ear:
        house.change_settings("swap-webhook", url=ear.url, secret="a secret")
        try:
            run_id = house.swap("qwen3.6-35b-a3b", force=True)
            house.wait(run_id)
            told = house.wait_until(lambda: ear.events("swap_complete"), 30, "word of the swap")
        finally:
            house.change_settings("swap-webhook", url="", secret="")

    headers, body = ear.told[-1]
    signed = f"{headers['X-Timestamp']}.".encode() + body
    assert [event["data"]["run"] for event in told] == [run_id]
    assert told[0]["endpoints"]["chat"]["model"] == "qwen3.6-35b-a3b"
    assert headers["X-Signature"] == f"sha256={hmac.new(b'a secret', signed, hashlib.sha256).hexdigest()}"


class recipes:  # noqa: N801 - reads as what it is: with recipes(…)
    """Own recipes in the catalogue while the block lasts."""

    def __init__(self, house, *own):
        self.house, self.own = house, list(own)

    def __enter__(self):
        self.house.change_settings("catalog", recipes=self.own)
        keys = {recipe["key"] for recipe in self.own}
        self.house.wait_until(lambda: keys <= set(_menu(self.house)), 30, f"{keys} on the menu")

    def __exit__(self, *_):
        self.house.change_settings("catalog", recipes=[])


def _menu(house):
    return [model["key"] for model in house.client.get("/api/models").json()["models"]]


def _problems(house, word=""):
    problems = house.client.get("/api/status").json()["settings"]["problems"]
    return problems if any(word in problem for problem in problems) else None


def _up(house, name):
    services = house.client.get("/api/status").json()["services"]
    return next(service["up"] for service in services if service["name"] == name)
