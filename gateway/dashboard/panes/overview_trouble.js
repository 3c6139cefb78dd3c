// What is wrong now, what that means, and what to do about it: the first thing on the page.

import { post, path } from "../core/api.js";
import { ago } from "../core/ago.js";
import { askFirst } from "../core/ask_first.js";
import { changeButton } from "../core/change_button.js";
import { dot, element } from "../core/elements.js";
import { titleOf } from "../core/kinds.js";
import { follow, nameOf } from "../core/operations.js";
import { about, count, kindOf, listed, sentence } from "../core/words.js";
import { endedSwaps } from "./overview_swaps.js";

const UNSEEN_SECONDS = 60;

const HOST_FAULTS = {
  unreachable: ["cannot be reached", "Is it switched on, and its cable plugged in? It can be woken under Hosts."],
  wedged: ["takes connections, but its login does not answer", "It is mostly out of memory. Some recover within half an hour; otherwise switch it off and on."],
  refused: ["refuses the key", "Look at its key under Hosts; after a new installation the old one no longer counts."],
};
const FOR_MEMORY = "Switch to a smaller model, or stop a service there, before the host freezes.";

/** What is wrong, the worst first: `{ id, kind, words, why, advice, at?, exhausted? }`, all of it texts. */
export function troubles(known) {
  const found = [...hosts(known), ...services(known), ...lastSwap(known), ...findings(known), ...unseen(known)];
  return found.sort((one, other) => (one.kind === "bad" ? 0 : 1) - (other.kind === "bad" ? 0 : 1));
}

function hosts({ hardware, services: all }) {
  const faulty = (hardware?.hosts ?? []).filter(({ state }) => HOST_FAULTS[state]);
  return faulty.map(({ name, state, why }) => {
    const [words, advice] = HOST_FAULTS[state];
    const on = (all?.services ?? []).filter((service) => service.host === name && !service.hidden && service.http.up === false);
    const gone = on.length ? ` With it ${on.length === 1 ? "is" : "are"} gone: ${listed(on.map(called))}.` : "";
    return { id: `host-${name}`, kind: "bad", words: `${name} ${words}.${gone}`, why: why ?? "", advice };
  });
}

function services({ services: all, deep, hardware, status, operations }) {
  const away = new Set((hardware?.hosts ?? []).filter(({ state }) => HOST_FAULTS[state]).map(({ name }) => name));
  const swapping = Boolean(status?.swap) || (operations?.active ?? []).some(({ kind }) => kind === "swap");
  return (all?.services ?? [])
    .filter((service) => !service.hidden && !away.has(service.host) && !(service.kind === "vllm" && swapping))
    .map((service) => serviceTrouble(service, deep?.services?.find((each) => each.service === service.name)))
    .filter(Boolean)
    .map((found) => (isStarting(found.service, operations) ? { ...found, kind: "warm", advice: "Wait: it is being started, as you see above.", exhausted: null } : found));
}

const isStarting = (name, operations) => (operations?.active ?? []).some(({ kind, model }) => ["start", "restart"].includes(kind) && model === name);

function serviceTrouble(service, check) {
  const { name, http, wanted, container } = service;
  const failing = check?.verdict === "failing" || check?.wedged;
  const never = service.kind === "vllm" && ["absent", "unknown"].includes(container.state);
  const down = http.up === false && wanted === "running" && !never;
  const exhausted = check?.exhausted ?? service.restarts.exhausted;
  if (!failing && !down && !exhausted) return null;
  const why = down ? http.why : failing ? check.why : "";
  const what = down ? "does not answer" : failing ? "does no work, though it runs" : "was given up after too many restarts";
  return { id: `service-${name}`, service: name, kind: "bad", words: `${called(service)} ${what}.`, why, advice: advice(service, check, exhausted), exhausted: exhausted ? name : null };
}

function advice({ restarts, heal }, check, exhausted) {
  const { used, allowed, window_seconds: seconds } = restarts;
  const often = count(used || allowed, "time");
  if (exhausted) return `It was restarted ${often} without lasting success, and is left alone now. Look for the cause in its log, under Services; then try again.`;
  if (check?.next) return `${sentence(check.next)}.`.replace("..", ".");
  if (!heal) return "It is not restarted by itself: that is switched off for it. Start it under Services.";
  return `It is restarted by itself: ${used} of ${allowed} restarts within ${about(seconds)} are used.`;
}

// A switch that failed stays a trouble until another one goes well.
function lastSwap({ operations }) {
  const [last] = endedSwaps(operations);
  if (!last || !["failed", "crashed"].includes(last.state)) return [];
  const result = last.result ?? {};
  const loaded = result.now_loaded ? ` Loaded now: ${nameOf({ model: result.now_loaded })}.` : "";
  const why = result.cause || result.message || last.message || "";
  return [{ id: `run-${last.id}`, kind: "bad", words: `${titleOf(last, nameOf(last))}.${loaded}`, why, advice: result.advice ?? "", at: last.ended }];
}

function findings({ hardware }) {
  return (hardware?.hosts ?? []).flatMap(({ name, memory, findings: found }) => [
    ...(memory.alert === "calm" ? [] : [{ id: `memory-${name}`, kind: "bad", words: `${name} runs out of memory.`, why: memory.why, advice: FOR_MEMORY }]),
    ...found.map((words, number) => ({ id: `finding-${name}-${number}`, kind: "warm", words: `${name}: ${words}`, why: "", advice: "" })),
  ]);
}

function unseen({ hardware, received }) {
  const looked = ({ looked_seconds: seconds }) => (seconds === null ? null : received.hardware / 1000 - seconds);
  const old = (hardware?.hosts ?? []).filter((host) => looked(host) !== null && Date.now() / 1000 - looked(host) > UNSEEN_SECONDS);
  if (!old.length) return [];
  const words = `Nobody has looked at ${listed(old.map(({ name }) => name))} for more than a minute.`;
  return [{ id: "unseen", kind: "warm", words, why: "What is shown here is old", advice: "The observer, which looks at the hosts, may have stopped: restart Spark Control." }];
}

const called = ({ kind, name }) => `${kindOf(kind)} (${name})`;

/** The list of them. */
export function showTroubles(list) {
  if (!list.length) return [];
  return element("ul", { class: "troubles" }, list.map(trouble));
}

function trouble({ id, kind, words, why, advice: todo, at, exhausted }) {
  const again = exhausted ? changeButton("Try again", () => askAgain(exhausted), { label: `Try again: ${exhausted}`, focus: `again-${id}` }) : null;
  return element(
    "li",
    { class: `trouble ${kind}` },
    dot(kind === "bad" ? "down" : "warm", kind === "bad" ? "Broken" : "To watch"),
    element(
      "div",
      {},
      element("p", {}, element("strong", {}, words), at ? [" ", element("span", { class: "quiet", "aria-live": "off" }, ago(at))] : null),
      why ? element("p", {}, ended(sentence(why))) : null,
      todo ? element("p", { class: "quiet" }, "What to do: ", todo) : null,
    ),
    again,
  );
}

const ended = (words) => (/[.!?]$/.test(words) ? words : `${words}.`);

async function askAgain(service) {
  const run = await askFirst({
    title: `Try ${service} again?`,
    rows: [
      ["What happens", "It is checked with real work at once, and restarted if it fails. Its restarts are counted anew."],
      ["Stops", `Requests that ${service} is working on may be cut off.`],
      ["Takes", "Mostly a minute or two."],
      ["If it fails", "It is restarted until its limit is reached again, then left alone; you are told here."],
    ],
    yes: "Try again",
    act: () => post(path("api", "deep-health", service, "reset"), { reason: "pressed on the dashboard" }),
  });
  if (run) await follow(run);
}
