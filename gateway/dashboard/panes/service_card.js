// One service: whether its container runs, whether it answers, whether it does its work, and what can be done.

import { ago, momentOf } from "../core/ago.js";
import { changeButton } from "../core/change_button.js";
import { badge, dot, draw, element, facts, fold } from "../core/elements.js";
import { kindWords } from "../core/kinds.js";
import { about, count, kindOf, sentence } from "../core/words.js";
import { ServiceLog } from "./service_log.js";
import { actOn, checkNow, removeService, setHidden, tryAgain } from "./service_questions.js";
import { containerWords, eventWords, isRunning, purposeOf, restartsWords, stateOf, verdictWords } from "./service_words.js";

/** The card of one service; buttons, facts and log are drawn apart, so that none moves under a hand. */
export class ServiceCard {
  constructor(name) {
    this.head = element("div", { class: "card-head" });
    this.facts = element("div");
    this.actions = element("div", { class: "actions" });
    this.log = new ServiceLog(name);
    this.more = element("div");
    this.place = element("article", { class: "card tile service" }, this.head, this.facts, this.actions, this.log.place, this.more);
    this.place.dataset.service = name;
  }

  /** Show what is known: `deep` its check, `load` its entry of the status, `run` what acts on it; each may be null. */
  take({ service, received, deep, deepReceived, load, loaded, run }) {
    const state = stateOf(service, deep, loaded);
    draw(this.head, { name: service.name, kind: service.kind, host: service.host, port: service.port, state, why: whyOf(service, deep, state[0] === "unknown") }, head);
    draw(this.facts, factsOf(service, { received }, deep, { received: deepReceived }, load), (rows) => facts(rows.map(([name, parts]) => [name, built(parts)])));
    const { exhausted } = service.restarts;
    const key = { state: service.container.state, up: service.http.up === true, exhausted, busy: run?.kind ?? null, deep: deep !== null };
    this.latest = { service, load };
    draw(this.actions, key, (now) => this.buttons(service.name, now));
    draw(this.more, { hidden: service.hidden, busy: key.busy }, (now) => this.others(service.name, now));
  }

  /** End what it still reads. */
  leave() {
    this.log.close();
  }

  buttons(name, { state, up, exhausted, busy, deep }) {
    const press = this.presser(name, busy);
    const verb = (words, which) => press(words, ({ service, load }) => actOn(service, which, load));
    const known = state !== "unknown";
    const running = isRunning(state) || (!known && up);
    return [
      exhausted ? press("Try again", ({ service }) => tryAgain(service), "main") : null,
      deep ? press("Check now", ({ service }) => checkNow(service)) : null,
      running ? null : verb("Start", "start"),
      running || !known ? verb("Restart", "restart") : null,
      running || !known ? verb("Stop", "stop") : null,
    ];
  }

  others(name, { hidden, busy }) {
    const press = this.presser(name, busy);
    const hide = press(hidden ? "Show" : "Hide", ({ service }) => setHidden(service, !hidden));
    const remove = press("Remove", ({ service }) => removeService(service), "danger");
    return fold(`more-${name}`, "Hide or remove", element("div", { class: "actions" }, hide, remove));
  }

  presser(name, busy) {
    const why = busy ? `${kindWords(busy).doing(name)} goes on just now` : null;
    return (words, act, kind = "") => changeButton(words, () => act(this.latest), { why, kind, label: `${words}: ${name}` });
  }
}

function head({ name, kind, host, port, state: [state, words], why }) {
  return [
    element("h3", {}, dot(state, words), name, badge(kindOf(kind))),
    element("p", { class: `state ${state}`, role: "status" }, words),
    why.map((line) => element("p", { class: "fault" }, line)),
    element("p", { class: "quiet" }, `${purposeOf(kind)} On ${host}, port ${port}.`),
  ];
}

function whyOf({ restarts, http }, deep, idle) {
  const most = `${count(restarts.allowed, "time")} within ${about(restarts.window_seconds)}`;
  const gaveUp = `It was restarted ${most}, and that is all it may. It is left alone until somebody presses “Try again”.`;
  const failing = deep?.verdict === "failing";
  return [
    restarts.exhausted ? gaveUp : null,
    failing ? [deep.why, deep.wedged ? "its GPU context is dead" : ""].filter(Boolean).join("; ") : null,
    http.up === false && idle === false && !failing ? `The gateway gets no answer: ${http.why}.` : null,
  ].filter(Boolean);
}

/** Rows of a name and parts; a part is text or a moment `{ at, manner }` (pure). */
function factsOf(service, answer, deep, checked, load) {
  return [
    ["Container", containerParts(service.container, answer)],
    ...service.elsewhere.map((other) => [`Container on ${other.host}`, containerParts(other, answer)]),
    ["Answers the gateway", httpParts(service.http)],
    ["Last good answer", service.last_good.at === null ? ["None seen yet"] : [{ at: service.last_good.at }]],
    ["Deep check", deep ? deepParts(deep, checked) : null],
    ["Right now", loadParts(load)],
    ["Restarts used", [restartsWords(service.restarts), service.heal ? "" : "; it is not restarted by itself"]],
    ["Last event", eventParts(service.last_event)],
  ].filter(([, parts]) => parts !== null);
}

function containerParts({ name, state, status, restarts, started_at: started, age_seconds: age }, answer) {
  const seen = momentOf(age, answer);
  const runs = state === "running" && started !== null;
  return [
    containerWords(state),
    ...(runs ? [" for ", { at: started, manner: "for" }] : ["running", "absent"].includes(state) || !status ? [] : [`: ${status}`]),
    restarts ? `. Docker restarted it ${count(restarts, "time")}` : "",
    { small: [name, ...(seen === null ? [] : [", seen ", { at: seen }])] },
  ];
}

function httpParts({ up, since, why }) {
  if (up === null) return ["Not looked at yet"];
  return [up ? "Yes, for " : "No, for ", { at: since, manner: "for" }, up || !why ? "" : `: ${why}`];
}

function deepParts({ verdict, why, age_seconds: age, latency_seconds: latency, next }, checked) {
  const at = momentOf(age, checked);
  const words = verdictWords(verdict)[0];
  const took = latency === null || verdict !== "well" ? "" : `, in ${briefly(latency)}`;
  const said = verdict && verdict !== "well" && why ? `${sentence(why)}. ` : "";
  const checkedAt = at === null ? [] : ["Checked ", { at }];
  return [`${words}${took}`, { small: [said, ...checkedAt, next ? `. Next: ${next}` : ""] }];
}

const briefly = (seconds) => (seconds < 10 ? `${Math.max(0.1, seconds).toFixed(1)} seconds` : about(seconds));

function loadParts(load) {
  if (!load) return null;
  const { in_flight: working, waiting, oldest_wait_seconds: oldest, at_once: limit } = load;
  const waits = waiting ? `, ${waiting} waiting (the longest for ${about(oldest)})` : "";
  const most = limit ? { small: [`Takes ${limit} at once`] } : "";
  return [working || waiting ? `${count(working, "request")} at work${waits}` : "Nothing to do", most];
}

function eventParts(event) {
  if (!event) return null;
  return [`${eventWords(event.kind)} `, { at: event.at }, event.reason ? { small: [event.reason] } : ""];
}

function built(parts) {
  return parts.map((part) => {
    if (typeof part !== "object") return part;
    return part.small ? element("span", { class: "small-print" }, built(part.small)) : ago(part.at, part.manner ?? "ago");
  });
}
