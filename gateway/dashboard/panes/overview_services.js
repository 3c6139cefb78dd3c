// The services in one line each: whether they answer, what they work on, and who waits.

import { ago } from "../core/ago.js";
import { badge, dot, element } from "../core/elements.js";
import { about, count, kindOf } from "../core/words.js";

/** One line for each service that is not hidden. */
export function serviceLines({ services, status, deep }) {
  if (!services) return null;
  return services.services.filter(({ hidden }) => !hidden).map((service) => {
    const counts = status?.services.find(({ name }) => name === service.name) ?? {};
    const check = deep?.services.find((each) => each.service === service.name);
    return {
      name: service.name,
      kind: service.kind,
      host: service.host,
      ...state(service, check, status),
      work: work(counts),
      waits: waits(counts),
      restarts: restarts(service.restarts),
      good: moment(service.last_good.at),
      checked: moment(check?.well_at),
    };
  });
}

const moment = (at) => (at ? Math.round(at) : null);

function state({ kind, http, wanted }, check, status) {
  if (kind === "vllm" && status && !status.loaded && http.up !== true) return status.swap ? { dot: "warm", words: "loading" } : { dot: "unknown", words: "no model loaded" };
  if (wanted === "stopped" && http.up !== true) return { dot: "unknown", words: "stopped on purpose" };
  if (http.up === false) return { dot: "down", words: "does not answer" };
  if (check?.wedged || check?.verdict === "failing") return { dot: "down", words: "does no work" };
  if (http.up === null) return { dot: "unknown", words: "not looked at yet" };
  return check?.verdict === "well" ? { dot: "up", words: "works" } : { dot: "up", words: "answers" };
}

function work({ in_flight: running, at_once: most }) {
  if (!running) return "";
  return most ? `${running} of ${most} at once` : `works on ${count(running, "request")}`;
}

const waits = ({ waiting, oldest_wait_seconds: oldest }) => (waiting ? `${waiting} waiting, the longest for ${about(oldest)}` : "");

const restarts = ({ used, allowed }) => (used ? `${used} of ${allowed} restarts used` : "");

/** The list of them. */
export function showServices(lines) {
  if (!lines) return element("p", { class: "quiet" }, "Looking…");
  if (!lines.length) return element("p", { class: "quiet" }, "No service is set up: add one under Services.");
  return element("ul", { class: "card service-lines" }, lines.map(line));
}

function line({ name, kind, host, dot: sign, words, work: busy, waits: queue, restarts: used, good, checked }) {
  const proof = good ? [", last good answer ", ago(good)] : checked ? [", checked ", ago(checked)] : null;
  const where = element("span", { class: "quiet" }, `${name} on ${host}`);
  return element(
    "li",
    {},
    element("div", { class: "what" }, dot(sign, words), element("div", {}, element("strong", {}, kindOf(kind)), " ", where)),
    element(
      "div",
      { class: "how" },
      queue ? badge(queue, "warm") : null,
      busy ? badge(busy) : null,
      used ? badge(used, "warm") : null,
      element("span", { class: sign === "down" ? "fault" : "quiet" }, words, sign === "unknown" ? null : proof),
    ),
  );
}
