"""An hour of changes, as fast as the page takes them: it grows by nothing."""

import json

import httpx
from playwright.async_api import Browser, CDPSession, Page

from gateway.changes import TOPICS
from tests.gateway.conftest import Running

ROUNDS = 3600
"""One change of each topic a second."""
WARM_UP = 300
MOST_BYTES = 3_000_000

SOURCE = """
delete window.SharedWorker;
window.sources = [];
window.EventSource = class extends EventTarget {
  constructor(url) { super(); this.url = url; sources.push(this); }
  close() { sources.splice(sources.indexOf(this), 1); }
};
"""
CHANGES = """async ([documents, from, to]) => {
  const vary = (value, round) =>
    typeof value === "number" ? value + (round % 7) :
    Array.isArray(value) ? value.map((one) => vary(one, round)) :
    value && typeof value === "object" ?
      Object.fromEntries(Object.entries(value).map(([key, one]) => [key, vary(one, round)])) :
    value;
  for (let round = from; round < to; round++) {
    for (const [topic, data] of Object.entries(documents)) {
      const change = { topic, at: Date.now() / 1000, data: vary(data, round), error: null };
      for (const source of [...sources])
        source.dispatchEvent(new MessageEvent("change", { data: JSON.stringify(change) }));
    }
    if (round % 20 === 0) await new Promise(requestAnimationFrame);
  }
}"""


async def test_an_hour_of_changes_leaves_the_page_as_large_as_it_was(
    browser: Browser, gateway: Running, faults: list[str]
) -> None:
    context = await browser.new_context(base_url=gateway.url)
    await context.add_init_script(SOURCE)
    page = await context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    devtools = await context.new_cdp_session(page)
    said = documents(gateway.url)
    for view in ("overview", "models", "hosts", "services"):
        await page.goto(f"/#/{view}")
        await page.wait_for_function("sources.length > 0")
        await page.evaluate(CHANGES, [said, 0, WARM_UP])
        before = await size(page, devtools)
        await page.evaluate(CHANGES, [said, WARM_UP, ROUNDS // 4])
        after = await size(page, devtools)
        assert after["nodes"] <= before["nodes"] * 1.1 + 50, view
        assert after["listeners"] <= before["listeners"] * 1.1 + 20, view
        assert after["bytes"] - before["bytes"] < MOST_BYTES, view
    await context.close()


def documents(url: str) -> dict[str, object]:
    """What each topic says now, of those that say something."""
    answers = {name: httpx.get(f"{url}{topic.path}", timeout=30) for name, topic in TOPICS.items()}
    return {name: json.loads(answer.content) for name, answer in answers.items() if answer.is_success}


async def size(page: Page, devtools: CDPSession) -> dict[str, float]:
    """Nodes, listeners and bytes of the page, once what is not needed is gone."""
    await page.evaluate("new Promise((settle) => requestAnimationFrame(() => setTimeout(settle, 50)))")
    await devtools.send("HeapProfiler.collectGarbage")
    counted = await devtools.send("Memory.getDOMCounters")
    heap = await devtools.send("Runtime.getHeapUsage")
    return {"nodes": counted["nodes"], "listeners": counted["jsEventListeners"], "bytes": heap["usedSize"]}
