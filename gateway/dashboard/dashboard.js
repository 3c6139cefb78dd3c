// The page: which pane is shown, what goes on above it, and whether all of it is up to date.

import { ago } from "./core/ago.js";
import { ask } from "./core/api.js";
import { keepButtons } from "./core/change_button.js";
import { latest, watch, watchLink } from "./core/changes.js";
import { draw, element } from "./core/elements.js";
import { showOperations } from "./core/operations.js";
import { count, moment } from "./core/words.js";
import { pane as overview } from "./panes/overview.js";

const PANES = [
  ["overview", "Overview", async () => overview],
  ["models", "Models", () => import("./panes/models.js").then(({ pane }) => pane)],
  ["services", "Services", () => import("./panes/services.js").then(({ pane }) => pane)],
  ["hosts", "Hosts", () => import("./panes/hosts.js").then(({ pane }) => pane)],
  ["state", "State", () => import("./panes/state.js").then(({ pane }) => pane)],
  ["connectivity", "Connectivity", () => import("./panes/connectivity.js").then(({ pane }) => pane)],
  ["schedules", "Schedules", () => import("./panes/schedules.js").then(({ pane }) => pane)],
  ["updates", "Updates", () => import("./panes/updates.js").then(({ pane }) => pane)],
  ["try", "Try it", () => import("./panes/try_it.js").then(({ pane }) => pane)],
  ["connect", "Connect", () => import("./panes/connect.js").then(({ pane }) => pane)],
  ["settings", "Settings", () => import("./panes/settings.js").then(({ pane }) => pane)],
];

const RETRY_MS = 2000;

const place = (id) => document.getElementById(id);
let leave = () => {};
let shownPane = null;

async function showPane() {
  const wanted = location.hash.replace("#/", "").split("/")[0];
  if (location.hash === "#view") return;
  const [id, title, load] = PANES.find(([name]) => name === wanted) ?? PANES[0];
  if (id === shownPane) return;
  const first = shownPane === null;
  shownPane = id;
  drawMenu();
  document.title = id === "overview" ? "Spark Control" : `${title} · Spark Control`;
  const pane = await load().catch(() => comesLater());
  if (!pane || shownPane !== id) return;
  leave();
  const view = element("div", { class: `pane ${id}` });
  if (id !== "overview") view.append(element("h2", { class: "pane-title" }, title));
  place("view").replaceChildren(view);
  leave = pane.mount(view);
  if (!first) {
    scrollTo({ top: 0 });
    place("view").focus({ preventScroll: true });
  }
}

// A browser may keep a module that failed to load as failed: only a new page asks again.
function comesLater() {
  leave();
  leave = () => {};
  place("view").replaceChildren(element("p", { class: "card" }, "This part of the page could not be loaded; it is tried again."));
  setTimeout(() => watchLink((live) => live && location.reload()), RETRY_MS);
}

function drawMenu() {
  const link = ([id, title]) => {
    const made = element("a", { href: `#/${id}` }, title);
    if (id === shownPane) made.setAttribute("aria-current", "page");
    return made;
  };
  place("panes").replaceChildren(...PANES.map(link));
  place("panes").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

function sayHealth(words, kind) {
  if (place("health").textContent !== words) place("health").textContent = words;
  place("health").className = `health ${kind}`;
}

function showHealth(status) {
  const down = status.services.filter((service) => service.up === false && service.kind !== "vllm").length;
  const away = status.hosts.filter((host) => host.reachable === false).length;
  const faults = [
    away ? `${count(away, "host")} not reachable` : null,
    down ? `${count(down, "service")} down` : null,
    status.loaded || status.swap ? null : "No model is loaded",
    status.prefect.reachable ? null : "Prefect out of reach",
  ].filter(Boolean);
  sayHealth(faults.join(", ") || "All is well", faults.length ? "bad" : "good");
}

function notices(status) {
  const { lock } = status;
  return [
    lock ? `Switching is locked by ${lock.holder} until ${moment(lock.until)}: ${lock.reason || "no reason given"}.` : null,
    status.prefect.reachable ? null : "Prefect, which runs every change, is out of reach. Applications are served as before.",
    status.ledger.reachable ? null : "The shared records cannot be read.",
    ...status.settings.problems.map((problem) => `A setting was not used: ${problem}`),
  ].filter(Boolean);
}

let wasLive = false;
watchLink((live) => {
  const stale = place("stale");
  if (live === false) sayHealth("Not in touch", "bad");
  else if (latest("status")) showHealth(latest("status"));
  stale.hidden = live !== false;
  const since = wasLive ? ["It was lost ", ago(Date.now() / 1000), "; what is shown is from then."] : [];
  stale.replaceChildren("The gateway does not answer; this page tries again by itself. ", ...since);
  wasLive = live === true;
  document.documentElement.classList.toggle("stale", live === false);
});

watch("status", (status) => {
  if (!status) return;
  showHealth(status);
  draw(place("notices"), notices(status), (lines) => lines.map((line) => element("li", {}, line)));
});

ask("/api/config").then((config) => {
  place("history").href = config.prefect_ui_url;
  place("history").hidden = false;
}, () => {});

keepButtons();
showOperations(place("operations"));
addEventListener("hashchange", showPane);
showPane();
