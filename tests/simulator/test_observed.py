"""What an observer asks a simulated Spark for: /sys, page cache, memory that is taken, docker's templates."""

HEALTH = "{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}no check{{end}}"


def columns(said: str) -> dict[str, int]:
    """The first row of `free -k -w`, by its heads."""
    heads, memory = said.splitlines()[:2]
    return dict(zip(heads.split(), map(int, memory.split()[1:]), strict=True))


async def test_the_fast_link_is_in_sys(simulated_cluster, spark):
    _, states, _ = await spark("cat $SYSFS_ROOT/class/infiniband/*/ports/1/state")
    _, mac, _ = await spark("cat $SYSFS_ROOT/class/net/enP7s7/address")
    _, link, _ = await spark("ip link show enP7s7")
    _, name, _ = await spark("ls $SYSFS_ROOT/class/infiniband/rocep1s0f1/device/net")

    assert sorted(states.split("\n")) == ["", "1: DOWN", "1: DOWN", "4: ACTIVE", "4: ACTIVE"]
    assert mac.strip() in link
    assert name == "enp1s0f1np1\n"


async def test_the_default_route_can_be_asked_for(spark):
    assert (await spark("ip route show default"))[1] == (await spark("ip route"))[1]


async def test_memory_can_be_taken(simulated_cluster, spark):
    before = columns((await spark("free -k -w"))[1])
    with simulated_cluster.fault("memory-taken", "100"):
        taken = columns((await spark("free -k -w"))[1])

    assert before["available"] - taken["available"] == 100 * 2**20


async def test_only_root_drops_the_page_cache(simulated_cluster, spark):
    drop = "echo 3 | sudo -n tee /proc/sys/vm/drop_caches"
    files = [simulated_cluster.folder / "spark-1" / name for name in ("sudo-allowed", "caches-dropped")]
    before = columns((await spark("free -k -w"))[1])
    assert (await spark(drop))[0] == 1
    files[0].touch()
    try:
        assert (await spark(drop))[:2] == (0, "3\n")
        after = columns((await spark("free -k -w"))[1])
    finally:
        for file in files:
            file.unlink(missing_ok=True)

    assert after["cache"] < before["cache"] / 10
    assert after["available"] == before["available"], "what can be given up was available all the time"


async def test_a_template_does_not_look_into_a_branch_that_it_does_not_take(docker):
    await docker("run -d --name plain vllm-node sleep infinity")

    assert (await docker(f"inspect --format '{HEALTH}' plain"))[1] == "running no check\n"
    assert "Health" not in (await docker("inspect plain"))[1]
