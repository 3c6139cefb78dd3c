// The page: asks for the status every three seconds while somebody looks, and draws what changed.

import { ask } from "./api.js";
import { hostTile, modelList, nowCard, serviceLine } from "./cards.js";
import { confirmSwitch } from "./confirm.js";
import { draw, element } from "./elements.js";
import { RunPanel } from "./run.js";

const POLL_MS = 3000;
const OVER = ["completed", "failed", "cancelled", "crashed"];

const place = (id) => document.getElementById(id);
const panel = new RunPanel(place("run"), () => refresh());
let status = null;
let timer = null;

async function refresh() {
  clearTimeout(timer);
  try {
    const [now, menu, swaps] = await Promise.all([ask("/api/status"), ask("/api/models"), ask("/api/swap")]);
    status = now;
    show(now, menu.models, swaps);
  } catch (error) {
    showFault(error.message);
  }
  if (!document.hidden) timer = setTimeout(refresh, POLL_MS);
}

function show(now, models, swaps) {
  const current = swaps.under_way ?? swaps.queued[0];
  panel.titles = Object.fromEntries(models.map((model) => [model.key, model.title]));
  if (current) panel.follow(current.id);
  else if (panel.busy) panel.refresh();
  const last = swaps.latest && OVER.includes(swaps.latest.state) ? swaps.latest : null;
  const brief = last && { title: panel.titles[last.model] ?? last.model, state: last.state };
  draw(place("now"), { loaded: now.loaded, swapping: Boolean(current), last: brief }, nowCard);
  draw(place("models"), { models, busy: whyBusy(now, current) }, (data) => modelList(data, choose));
  draw(place("hosts"), now.hosts, (hosts) =>
    hosts.length ? hosts.map(hostTile) : element("p", { class: "card quiet" }, "No host is set up yet."),
  );
  draw(place("services"), now.services.map(withoutClock), (services) => services.map(serviceLine));
  draw(place("notices"), notices(now), (lines) => lines.map((line) => element("li", {}, line)));
  showHealth(now);
}

function withoutClock(service) {
  return { ...service, for_seconds: null };
}

function whyBusy(now, current) {
  if (current) return `A switch to ${panel.titles[current.model] ?? current.model} is under way`;
  if (!now.prefect.reachable) return "Prefect, which runs every change, is out of reach";
  if (now.lock) return `${now.lock.holder} holds the lock until ${time(now.lock.until)}`;
  return null;
}

function notices(now) {
  return [
    now.lock ? `Switching is locked by ${now.lock.holder} until ${time(now.lock.until)}: ${now.lock.reason || "no reason given"}.` : null,
    now.prefect.reachable ? null : "Prefect, which runs every change, is out of reach. Applications are served as before.",
    now.ledger.reachable ? null : "The shared records cannot be read.",
    ...now.settings.problems.map((problem) => `A setting was not used: ${problem}`),
  ].filter(Boolean);
}

function time(iso) {
  return new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function showHealth(now) {
  const down = now.services.filter((service) => service.up === false).length;
  const away = now.hosts.filter((host) => host.reachable === false).length;
  const faults = [
    down ? `${down} service${down > 1 ? "s" : ""} down` : null,
    away ? `${away} host${away > 1 ? "s" : ""} not reachable` : null,
  ].filter(Boolean);
  const words = faults.join(", ") || "All is well";
  if (place("health").textContent !== words) place("health").textContent = words;
  place("health").className = faults.length ? "health bad" : "health good";
}

function showFault(words) {
  place("health").textContent = words;
  place("health").className = "health bad";
}

async function choose(model) {
  const run = await confirmSwitch(model, status.loaded, status.hosts);
  if (!run) return;
  await panel.follow(run.id);
  panel.title.focus();
  panel.place.scrollIntoView({ block: "nearest" });
  refresh();
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});

ask("/api/config").then((config) => {
  place("history").href = config.prefect_ui_url;
  place("history").hidden = false;
}, () => {});
refresh();
