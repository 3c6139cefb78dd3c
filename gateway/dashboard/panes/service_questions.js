// The questions before a service is changed, and what is sent when the answer is yes.

import { path, post, put, remove } from "../core/api.js";
import { askFirst } from "../core/ask_first.js";
import { latest } from "../core/changes.js";
import { element, field } from "../core/elements.js";
import { follow } from "../core/operations.js";
import { about, count, moment, sentence } from "../core/words.js";
import { KINDS, asksOf, stopsWithout } from "./service_words.js";

/** Ask, then start, stop or restart a service, and follow the run; `load` has `in_flight` and `waiting`. */
export async function actOn(service, verb, load) {
  const reason = field("Why (may stay blank)", element("input", { maxLength: 500, autocomplete: "off" }), "Kept in its history.");
  const run = await askFirst({
    title: `${sentence(verb)} ${service.name}?`,
    rows: [...consequences(service, verb, load), ["Locked", lockWords(service)]],
    yes: sentence(verb),
    fields: [reason],
    danger: verb === "stop",
    act: () => post(path("api", "services", service.name, verb), { reason: reason.input.value }),
  });
  if (run) await follow(run);
}

function consequences(service, verb, load) {
  return service.kind === "vllm" ? ofEngine(verb, load) : ofContainer(service, verb, load);
}

function ofContainer({ kind, name }, verb, load) {
  const failing = "The run says why, with the last lines of its log; it can be tried again.";
  const stops = `${stopsWithout(kind)}.`;
  const under = load?.in_flight ? `${count(load.in_flight, "request")} at work: cut off.` : null;
  const longest = ["stt", "tts", "embeddings"].includes(kind) ? "10 minutes" : "5 minutes";
  const start = `Usually less than a minute; after ${longest} it counts as failed.`;
  return {
    start: [["Stops", "Nothing."], ["Takes", start], ["If it fails", failing]],
    restart: [["Stops", `${stops} It is back at the end.`], ["Right now", under], ["Takes", start], ["If it fails", failing]],
    stop: [["Stops", `${stops} ${name} stays stopped until somebody starts it.`], ["Right now", under], ["Takes", "A few seconds."], ["If it fails", "It goes on running, and the run says why."]],
  }[verb];
}

function ofEngine(verb, load) {
  const models = latest("models")?.models ?? [];
  const seconds = models.find((model) => model.loaded)?.expected_seconds;
  const takes = seconds ? `About ${about(seconds)}: the model is loaded anew.` : "Several minutes: the model is loaded anew.";
  const stops = `${stopsWithout("vllm")}. Answers under way may end first.`;
  const under = load?.in_flight ? `${count(load.in_flight, "answer")} being written.` : null;
  const failing = "No model is loaded then, and the run says why. Any model can be switched to under Models.";
  return {
    start: [["Does", "Loads the model that was loaded last."], ["Takes", takes], ["If it fails", failing]],
    restart: [["Stops", `${stops} They wait, or are told to come back, until the model is loaded anew.`], ["Right now", under], ["Takes", takes], ["If it fails", failing]],
    stop: [["Stops", `${stops} No model is loaded then.`], ["Right now", under], ["Takes", "A few seconds, or until the answers under way have ended."], ["If it fails", "The model may still be loaded; the run says how things stand."]],
  }[verb];
}

function lockWords({ gpu }) {
  const lock = latest("lock")?.lock;
  if (!gpu || !lock) return null;
  return `${lock.holder} holds the GPU until ${moment(lock.until)}: this will be refused until then.`;
}

/** Ask, then check a service by real work; null: every one. */
export async function checkNow(service) {
  const heal = element("input", { type: "checkbox", checked: true });
  const all = service === null;
  const name = all ? "all" : service.name;
  const run = await askFirst({
    title: all ? "Check every service?" : `Check ${name}?`,
    rows: [
      ["Does", all ? "Asks each service for a little real work." : `Asks it ${asksOf(service.kind)}.`],
      ["Stops", "Nothing; one that is busy is left alone."],
      ["Takes", "A few seconds, or a minute when one is slow."],
      ["If it fails", "It is restarted, as often as its limits allow, unless you say no here."],
    ],
    yes: "Check now",
    no: "Not now",
    fields: [element("label", { class: "choice" }, heal, "Restart what fails")],
    act: () => post(path("api", "deep-health", name, "run"), { heal: heal.checked }),
  });
  if (run) await follow(run);
}

/** Ask, then take up a service again that was restarted too often. */
export async function tryAgain(service) {
  const run = await askFirst({
    title: `Try ${service.name} again?`,
    rows: [
      ["Does", "Counts its restarts anew and checks it at once. If it still fails, it is restarted."],
      ["Stops", `${stopsWithout(service.kind)}, while it restarts.`],
      ["Takes", "A minute or so."],
      ["If it fails", "It is given up once more after the next few restarts. Its log may say what is wrong."],
    ],
    yes: "Try again",
    act: () => post(path("api", "deep-health", service.name, "reset"), {}),
  });
  if (run) await follow(run);
}

/** Ask, then leave a service out of the overview and the checks, or take it in again. */
export function setHidden(service, hidden) {
  return askFirst({
    title: hidden ? `Hide ${service.name}?` : `Show ${service.name} again?`,
    rows: hidden
      ? [["Does", "It goes on running and answering. It is left out of the overview, of the routine checks and of what applications are told."], ["Stops", "Nothing."]]
      : [["Does", "It is shown, checked and told to applications like the others."], ["Stops", "Nothing."]],
    yes: hidden ? "Hide" : "Show",
    act: () => put(path("api", "services", service.name), { hidden }),
  });
}

/** Ask, then take a service off the list. */
export function removeService(service) {
  const force = element("input", { type: "checkbox" });
  const engine = service.kind === "vllm";
  const only = element("label", { class: "choice" }, force, "Also if it is the only one: no model can be switched to then");
  return askFirst({
    title: `Remove ${service.name} from the list?`,
    rows: [
      ["Does", "Applications no longer reach it through the gateway, and nobody looks after it."],
      ["Stays", `Its container ${service.container.name} on ${service.host}: it is not touched.`],
      ["If you change your mind", "Add it again with the same settings."],
    ],
    yes: "Remove",
    danger: true,
    fields: engine ? [only] : [],
    act: () => remove(`${path("api", "services", service.name)}${force.checked ? "?force=true" : ""}`),
  });
}

/** Ask for the settings of a new service, and add it; `hosts` are names. */
export function addService(hosts) {
  const options = (pairs) => pairs.map(([value, words]) => element("option", { value }, words));
  const name = element("input", { required: true, maxLength: 63, autocomplete: "off" });
  const kind = element("select", {}, options(KINDS));
  const host = element("select", { required: true }, options(hosts.map((each) => [each, each])));
  const port = element("input", { type: "number", required: true, min: "1", max: "65535" });
  const container = element("input", { required: true, autocomplete: "off" });
  const health = element("input", { placeholder: "/health", autocomplete: "off" });
  kind.value = "http";
  return askFirst({
    title: "Add a service",
    rows: [["Does", "The gateway reaches it from now on, and looks after it. Its container has to be on the host already."]],
    yes: "Add",
    no: "Do not add one",
    fields: [
      field("Name", name, "Short, such as whisper: small letters, digits, dot, dash, underscore"),
      field("What it does", kind),
      field("Host", host),
      field("Port", port, "Where it answers on that host"),
      field("Container", container, "Its name, as “docker ps” shows it on the host"),
      field("Path that says it is well (may stay blank)", health),
    ],
    act: () => post(path("api", "services", name.value.trim()), {
      kind: kind.value, host: host.value, port: Number(port.value), container: container.value.trim(), health_path: health.value.trim() || null,
    }),
  });
}
