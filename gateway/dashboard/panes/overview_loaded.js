// The model that is loaded: where, since when, whether it answers, how fast, and how applications reach it.

import { ago } from "../core/ago.js";
import { copyable, dot, element, facts } from "../core/elements.js";
import { count, listed } from "../core/words.js";
import { endedSwaps } from "./overview_swaps.js";

const LATELY_SECONDS = 900;

/** What is said of it that hardly changes. */
export function loadedNow({ status, services, models, operations }) {
  if (!status) return null;
  if (!status.loaded) return { loaded: null, coming: Boolean(status.swap) };
  const service = engine(services, status);
  const entry = models?.models.find(({ key, served }) => key === status.loaded.key || served === status.loaded.served);
  const hosts = service ? [service.host, ...service.elsewhere.map(({ host }) => host)] : [status.loaded.host];
  return { loaded: status.loaded, description: entry?.description || status.loaded.description, hosts: [...new Set(hosts)], since: since(status.loaded, service, operations) };
}

function engine(services, { loaded }) {
  const engines = (services?.services ?? []).filter(({ kind }) => kind === "vllm");
  return engines.find(({ host }) => host === loaded.host) ?? engines[0];
}

// The end of the switch that loaded it; of a model that came otherwise, the start of its container, or of its answers.
function since({ key }, service, operations) {
  const started = service?.container.started_at ?? null;
  const swap = endedSwaps(operations).find(({ state, model }) => state === "completed" && model === key);
  if (swap?.ended && (started === null || swap.ended > started)) return Math.round(swap.ended);
  const at = started ?? service?.http.since ?? null;
  return at === null ? null : Math.round(at);
}

/** Its title. */
export function showLoaded(view) {
  if (!view) return element("p", { class: "quiet" }, "Looking…");
  if (view.loaded) return element("p", { class: "title" }, view.loaded.title);
  const words = view.coming ? "A model is on its way; applications are told to wait." : "Applications get no answers to chat. Pick a model below.";
  return [element("p", { class: "title" }, "No model is loaded"), element("p", {}, words)];
}

/** What it is, where it runs and how it is reached. */
export function showAbout(view) {
  if (!view?.loaded) return [];
  const { loaded, description, hosts, since: at } = view;
  return [
    description ? element("p", {}, description) : null,
    element("p", {}, `It runs on ${listed(hosts)}`, at ? [", loaded ", ago(at)] : null, "."),
    facts([
      ["For applications", copyable(`${location.origin}/v1`, "the address")],
      ["Its name there", copyable(loaded.served, "the name")],
    ], "lined reach"),
  ];
}

/** Whether it answers, as a fact that changes with each answer. */
export function answering({ status, services, deep }) {
  if (!status?.loaded) return null;
  const service = engine(services, status);
  if (!service) return null;
  const check = deep?.services.find((each) => each.service === service.name);
  const counts = status.services.find(({ name }) => name === service.name) ?? {};
  const good = lastGood(service, check);
  const lately = good.at !== null && Date.now() / 1000 - good.at < LATELY_SECONDS;
  const failing = service.http.up === false || check?.verdict === "failing" || Boolean(check?.wedged);
  const why = service.http.up === false ? service.http.why : (check?.why ?? "");
  return { state: failing ? "down" : lately ? "up" : "unknown", why: failing ? why : "", busy: counts.in_flight ?? 0, ...good };
}

// A check asks it real work as well: it counts like an application's request, and is told apart.
function lastGood({ last_good: { at } }, check) {
  const checked = check?.well_at ?? null;
  if (at === null && checked === null) return { at: null, by: "" };
  if (at !== null && at >= (checked ?? 0) - 1) return { at: Math.round(at), by: "an application" };
  return { at: Math.round(checked), by: "the regular check" };
}

/** The line that says so. */
export function showAnswering(view) {
  if (!view) return [];
  const words = { up: "It answers", down: "It does not answer", unknown: "Not proven lately" }[view.state];
  const whose = view.by === "an application" ? "Last good answer" : "Last good answer, to the regular check,";
  const last = view.at ? [`${whose} `, ago(view.at), "."] : "Nobody has asked it anything yet.";
  return element(
    "p",
    { class: `answering ${view.state}` },
    dot(view.state, words),
    element("strong", {}, `${words}.`),
    " ",
    element("span", {}, view.why ? `${view.why}. ` : null, last, view.busy ? ` Working on ${count(view.busy, "request")} now.` : null),
  );
}

/** How fast it is now, against how fast it usually is; null while nobody knows either. */
export function speedNow({ status, speed }) {
  const { key, served } = status?.loaded ?? {};
  const found = served && speed?.models?.find(({ model }) => model === served || model === key);
  return found && (found.now || found.usual) ? { now: found.now, usual: found.usual, compared: found.compared } : null;
}

/** The line that says so. */
export function showSpeed(view) {
  if (!view) return [];
  const { now, usual, compared } = view;
  const told = [now ? `Now ${pace(now)}` : null, usual ? `usually ${pace(usual)}` : null].filter(Boolean).join("; ");
  const slow = (compared ?? "").startsWith("slower");
  return element("p", { class: slow ? "why" : "quiet" }, `Speed: ${told}${compared ? `. ${compared[0].toUpperCase()}${compared.slice(1)}` : ""}.`);
}

function pace({ tokens_per_second: tokens, first_token_seconds: first }) {
  const known = (value) => value !== null && value !== undefined;
  const round = (value) => (value >= 10 ? Math.round(value) : Math.round(value * 10) / 10);
  return [
    known(tokens) ? `${round(tokens)} tokens (about ${Math.max(1, Math.round(tokens * 0.75))} words) a second` : null,
    known(first) ? `first word after ${round(first)} s` : null,
  ].filter(Boolean).join(", ");
}
