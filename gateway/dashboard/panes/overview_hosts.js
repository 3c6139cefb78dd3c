// The hosts: what runs on each, its memory with head-room, heat, disk, the link, and how old that is known.

import { ago } from "../core/ago.js";
import { bar, dot, draw, element, facts } from "../core/elements.js";
import { gigabytes, kindOf } from "../core/words.js";
import { diskFit } from "./overview_fit.js";

const STALE_SECONDS = 60;
const STATES = {
  well: ["up", "in touch"],
  unreachable: ["down", "cannot be reached"],
  wedged: ["down", "login does not answer"],
  refused: ["down", "refuses the key"],
};

/** One view for each host, its numbers rounded as they are shown: what is not told is null. */
export function hostTiles({ hardware, services, status, models }) {
  if (!hardware) return null;
  const several = hardware.hosts.length > 1;
  return hardware.hosts.map((host) => {
    const [sign, words] = STATES[host.state] ?? ["unknown", "not looked at yet"];
    const away = { name: host.name, sign, words };
    const gpu = host.facts.gpu ?? {};
    return {
      ...away,
      runs: runsOn(host.name, services, status),
      memory: memory(host.memory),
      heat: [known(gpu.temperature, "°C"), known(gpu.power, "W"), known(gpu.utilization, "% busy")].filter(Boolean).join(", "),
      throttling: gpu.throttling ?? null,
      disk: disk(host, models?.models ?? []),
      link: several ? link(host.facts.links) : null,
    };
  });
}

const known = (value, unit) => (value === null || value === undefined ? null : `${Math.round(value)} ${unit}`);

function runsOn(host, services, status) {
  const here = (services?.services ?? []).filter((each) => !each.hidden && each.http.up && (each.host === host || each.elsewhere.some((other) => other.host === host)));
  return here.map(({ kind }) => (kind === "vllm" && status?.loaded ? status.loaded.title : kindOf(kind)));
}

function memory({ total, available, page_cache: pages, swap_used: swap, headroom, alert }) {
  if (!total || available === null) return null;
  const cache = Math.min(pages ?? 0, available);
  const share = (bytes) => Math.round((bytes / total) * 200) / 200;
  const words = [
    `${gigabytes(total - available)} of ${gigabytes(total)} in use`,
    cache ? `${gigabytes(cache)} page cache` : null,
    `${gigabytes(available - cache)} free`,
    swap ? `${gigabytes(swap)} swapped out` : null,
  ];
  return {
    used: share(total - available),
    cache: share(cache),
    words: words.filter(Boolean).join(", "),
    room: headroom === null || headroom === undefined ? "" : `${gigabytes(headroom)} can still be taken before the memory alarm`,
    kind: alert !== "calm" ? "high" : "",
  };
}

function disk(host, models) {
  const { free, total } = host.disk;
  if (free === null || free === undefined) return null;
  const { fit, of } = diskFit(models, host);
  const some = fit ? `${fit} of the ${of}` : "none of the";
  const room = !of ? "" : fit === of ? "; room for each model of the menu" : `; room for ${some} models that are not on it`;
  return { words: `${gigabytes(free)} free${total ? ` of ${gigabytes(total)}` : ""}${room}`, used: total ? Math.round((1 - free / total) * 200) / 200 : null };
}

function link(ports) {
  if (!ports?.length) return null;
  const up = ports.filter(({ state }) => state === "ACTIVE");
  if (!up.length) return { up: false, words: "down: the hosts talk over the ordinary network (TCP), too slowly for a model on both" };
  const gigabits = Math.max(0, ...up.map((port) => port.gigabits ?? 0));
  return { up: true, words: `up${gigabits ? `, ${gigabits} Gbit a second` : ""} (RoCE)` };
}

/** The tiles; the ages in them are kept by `showAges`. */
export function showHosts(tiles) {
  if (!tiles) return element("p", { class: "quiet" }, "Looking…");
  return element("div", { class: "tiles" }, tiles.map(tile));
}

function tile({ name, sign, words, runs, memory: used, heat, throttling, disk: store, link: cable }) {
  return element(
    "article",
    { class: "card tile" },
    element("h3", {}, dot(sign, words), name, element("span", { class: sign === "down" ? "fault" : "quiet" }, words)),
    element("p", {}, element("span", { class: "quiet" }, "Runs: "), runs.length ? runs.join(", ") : "nothing that answers"),
    used ? measure(used) : null,
    facts([
      ["GPU", heat ? [heat, slowed(throttling)] : null],
      ["Disk", store ? store.words : null],
      ["Fast link", cable ? element("span", { class: cable.up ? "" : "fault" }, cable.words) : null],
    ], "lined"),
    element("p", { class: "age", "data-age": name }),
  );
}

function measure(used) {
  const room = used.room ? element("p", { class: used.kind ? "fault" : "quiet" }, used.room) : null;
  return element("div", { class: "measure" }, memoryBar(used), element("p", {}, used.words), room);
}

function slowed(reasons) {
  if (!reasons) return null;
  return reasons.length ? element("span", { class: "why" }, `; ${reasons.join("; ")}`) : element("span", { class: "quiet" }, "; not slowed down");
}

function memoryBar({ used, cache, words, kind }) {
  const made = bar(used, `Memory: ${words}`, `memory-bar ${kind}`);
  const part = element("span", { class: "pages" });
  part.style.width = `${cache * 100}%`;
  made.append(part);
  return made;
}

/** How old what is known of each host is; warm when it is stale. */
export function showAges(place, { hardware, received }) {
  for (const { name, age_seconds: age } of hardware?.hosts ?? []) {
    const there = place.querySelector(`[data-age="${CSS.escape(name)}"]`);
    const at = age === null ? null : Math.round(received.hardware / 1000 - age);
    const stale = at === null || Date.now() / 1000 - at > STALE_SECONDS;
    if (!there) continue;
    there.className = stale ? "age stale" : "age";
    draw(there, [at], () => (at === null ? "Never seen so far" : ["As it was ", ago(at), stale ? ": this is old" : ""]));
  }
}
