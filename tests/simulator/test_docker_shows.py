"""The docker stand-in: what it shows of containers and images, in docker's shapes."""

import json
import shlex

import pytest


async def test_inspect_and_templates(docker):
    await docker("run -d --name c1 --label a=b -e X=1 --gpus all vllm-node sleep 60")

    whole = json.loads((await docker("inspect c1"))[1])[0]
    assert (whole["Name"], whole["Path"], whole["Args"]) == ("/c1", "sleep", ["60"])
    assert whole["State"]["Running"] is True
    for template, expected in {
        "{{.State.Running}}": "true",
        "{{json .Config.Cmd}}": '["sleep","60"]',
        "{{range .Config.Env}}{{println .}}{{end}}": "X=1\n",
        '{{index .Config.Labels "a"}}': "b",
        "{{if .State.Running}}yes{{else}}no{{end}}": "yes",
        "{{.Image}}": whole["Image"],
    }.items():
        assert (await docker(f"inspect -f {shlex.quote(template)} c1"))[1] == f"{expected}\n"
    assert (await docker("inspect -f '{{.Nothing}}' c1"))[0] == 1
    assert (await docker("inspect nosuch"))[:2] == (1, "[]\n")


async def test_the_memory_cap_is_set_at_the_start_and_changed_while_it_runs(docker):
    async def cap(name: str) -> str:
        return (await docker(f"inspect -f '{{{{.HostConfig.Memory}}}}' {name}"))[1].strip()

    await docker("run -d --name capped --memory 2g vllm-node sleep 60")
    await docker("run -d --name free vllm-node sleep 60")
    assert (await cap("capped"), await cap("free")) == (str(2 * 1024**3), "0")

    assert (await docker("update --memory 24g --memory-swap 24g capped"))[:2] == (0, "capped\n")
    assert await cap("capped") == str(24 * 1024**3)
    assert (await docker("update --memory 1m capped"))[0] == 1
    assert (await docker("update --memory 1g nosuch"))[0] == 1


async def test_images_are_inspected_pulled_and_missed(docker):
    _, identity, _ = await docker("image inspect --format '{{.Id}}' vllm-node")
    assert identity.startswith("sha256:")
    assert (await docker("image inspect nosuch"))[0] == 1
    assert (await docker("run --rm nosuch true"))[0] == 125
    assert (await docker("pull vllm/vllm-openai:v0.33.0"))[0] == 0
    assert "v0.33.0" in (await docker("images"))[1]


async def test_a_registry_that_asks_for_a_key_takes_it_from_standard_input_only(docker, simulated_cluster):
    name = "nvcr.io/nim/nvidia/magpie-tts-multilingual:1.10.0"
    key = "nvapi-" + "k" * 64
    assert "authentication required" in (await docker(f"pull {name}"))[2]
    assert (await docker("login nvcr.io -u '$oauthtoken' -p x"))[0] == 125
    assert (await docker("login nvcr.io -u '$oauthtoken' --password-stdin", given="wrong"))[0] == 1

    assert (await docker("login nvcr.io -u '$oauthtoken' --password-stdin", given=key))[0] == 0

    assert (await docker(f"pull {name}"))[0] == 0
    kept = [file for file in (simulated_cluster.folder / "spark-1").rglob("*") if file.is_file()]
    assert not [file for file in kept if file.stat().st_size < 10**6 and key.encode() in file.read_bytes()]


@pytest.mark.parametrize(
    "words", ["ps --nosuch", "run --nosuch vllm-node", "exec --nosuch c1 true", "nosuch", "logs --nosuch c1"]
)
async def test_what_the_stand_in_does_not_know_fails_loudly(docker, words):
    status, _, error = await docker(words)

    assert status in (1, 125)
    assert "nosuch" in error
