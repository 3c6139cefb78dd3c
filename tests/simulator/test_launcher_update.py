"""The launcher's checkout has news upstream, and its image can be renewed on every host."""

IMAGE = "docker image inspect --format '{{.Id}}' vllm-node"


async def test_the_checkout_is_clean_and_some_commits_behind(spark):
    _, out, _ = await spark("cd spark-vllm-docker && git fetch -q && git status --porcelain --branch")

    assert out == "## main...origin/main [behind 3]\n"


async def test_news_can_be_read_and_pulled(spark):
    _, news, _ = await spark("cd spark-vllm-docker && git log --format=%s HEAD..origin/main")
    assert len(news.splitlines()) == 3

    assert (await spark("cd spark-vllm-docker && git pull -q --ff-only"))[0] == 0

    assert (await spark("cd spark-vllm-docker && git log --format=%s -1"))[1] == news.splitlines()[0] + "\n"
    assert (await spark("cd spark-vllm-docker && ./launch-cluster.sh status"))[0] == 0


async def test_a_new_image_reaches_every_host(spark):
    _, before, _ = await spark(IMAGE)

    status, out, _ = await spark("cd spark-vllm-docker && ./build-and-copy.sh -c")

    assert (status, out.splitlines()[-1]) == (0, "Done preparing vllm-node.")
    _, head, _ = await spark(IMAGE)
    _, worker, _ = await spark(f"ssh spark-2 {IMAGE!r}")
    assert before != head == worker


async def test_weights_go_to_the_peer_with_the_old_download_script(spark):
    command = "cd spark-vllm-docker && PATH=~/.local/bin:$PATH ./hf-download.sh some/small -c 192.168.177.12"

    status, out, _ = await spark(command)

    assert (status, out.splitlines()[-1]) == (0, "Done downloading some/small.")
    listed = "ls .cache/huggingface/hub/models--some--small/snapshots/*"
    assert (await spark(f"ssh spark-2 {listed!r}"))[1] == (await spark(listed))[1]
