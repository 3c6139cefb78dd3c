// Who is told what happens, what came of the telling, a test, and one more try.

import { path, post } from "../core/api.js";
import { ago } from "../core/ago.js";
import { askFirst } from "../core/ask_first.js";
import { changeButton } from "../core/change_button.js";
import { watch } from "../core/changes.js";
import { badge, draw, element, facts, fold } from "../core/elements.js";
import { count, listed } from "../core/words.js";

const SHOWN = 8;
const STATES = {
  waiting: ["waits for its turn", ""],
  sending: ["is being sent", ""],
  delivered: ["was delivered", "good"],
  given_up: ["was given up", "bad"],
};
const EVENTS = {
  swap_started: "a switch has begun",
  swap_complete: "a model is ready",
  swap_failed: "a switch failed",
  swap_rolled_back: "the model from before is back",
  service_restarted: "a service was restarted",
  service_exhausted: "a service is left to a person",
  host_down: "a host stopped answering",
  host_up: "a host answers again",
  test: "a test",
};

/** Fill the section; gives the function that ends it. */
export function mountWebhooks(section) {
  const said = element("p", { class: "quiet", role: "status" });
  const body = element("div", { class: "section" }, element("p", { class: "quiet" }, "Looking…"));
  section.append(
    element("h3", { id: "webhooks-title" }, "Webhooks"),
    element("p", { class: "quiet" }, "Another program can be told when something happens here: its address is called. Who is told is written under ", element("a", { href: "#/settings/swap-webhook" }, "Settings"), ", in “Webhooks”."),
    said,
    body,
  );
  const tests = { awaited: null };
  return watch("webhooks", (answer, { error }) => {
    if (!answer) return draw(body, { error }, () => element("p", { class: "fault" }, error));
    const { at: _, ...shown } = answer;
    draw(body, shown, () => [targets(answer, tests, said), deliveries(answer, said)]);
    tellOfTest(answer, tests, said);
  });
}

function targets({ targets: every, allow_public: open }, tests, said) {
  if (!every.length) return element("p", {}, "Nobody is told yet.");
  return [
    element("div", { class: "tiles" }, every.map((target) => tile(target, tests, said))),
    element("p", { class: "quiet" }, open ? "Addresses that are not on the LAN are called as well." : "Only addresses on the LAN are called."),
  ];
}

function tile(target, tests, said) {
  const { name, address, events, signed, waiting, delivered, given_up: lost } = target;
  return element(
    "article",
    { class: "card tile" },
    element("h4", {}, name, " ", lost ? badge(`${lost} given up`, "bad") : null),
    facts([
      ["Address", element("code", {}, address)],
      ["Is told when", events.length ? listed(events.map(eventWords)) : "anything happens"],
      ["Signed", signed ? "yes" : "no: it cannot tell who calls"],
      ["Delivered", String(delivered)],
      ["Waiting", waiting ? String(waiting) : null],
    ]),
    element("div", { class: "actions" }, changeButton("Send a test…", () => askTest(target, tests, said), { runs: false, label: `Send a test to ${name}…`, focus: `test-${name}` })),
  );
}

async function askTest({ name, address }, tests, said) {
  const sent = await askFirst({
    title: `Send a test to ${name}?`,
    rows: [["What happens", `${address} is called once, now, with the event “test”.`], ["If it fails", "It is not tried again; the reason stands in the list below."]],
    yes: "Send it",
    runs: false,
    act: () => post(path("api", "webhooks", name, "test")),
  });
  if (!sent) return;
  tests.awaited = sent.delivery;
  said.textContent = "The test is on its way…";
}

function tellOfTest({ deliveries: every }, tests, said) {
  const found = every.find(({ id }) => id === tests.awaited);
  if (!found || found.ended === null) return;
  tests.awaited = null;
  said.textContent = found.state === "delivered" ? `The test reached ${found.target}.` : `The test did not reach ${found.target}: ${found.error || `it answered ${found.status}`}.`;
}

function deliveries({ deliveries: every }, said) {
  if (!every.length) return element("p", { class: "quiet" }, "Nothing was told so far.");
  const list = (rows) => element("ul", { class: "rows" }, rows.map((delivery) => row(delivery, said)));
  const rest = every.slice(SHOWN);
  return [
    element("h4", {}, "What was told, newest first"),
    list(every.slice(0, SHOWN)),
    rest.length ? fold("deliveries", `${count(rest.length, "more", "more")}`, list(rest)) : null,
  ];
}

function row(delivery, said) {
  const { id, target, event, state, tries, at, next_try: next, status, error } = delivery;
  const [words, kind] = STATES[state] ?? [state, ""];
  const why = state === "delivered" ? null : error || (status ? `it answered ${status}` : null);
  const again = state === "given_up" || (state === "waiting" && tries > 0);
  return element(
    "li",
    { class: "row card delivery" },
    element(
      "div",
      {},
      element("p", {}, element("strong", {}, target), `: ${eventWords(event)}, `, ago(at)),
      element("p", { class: "quiet" }, tries > 1 ? `${count(tries, "try", "tries")}. ` : null, why ? `${why}. ` : null, state === "waiting" && next && tries ? `Tried again by itself at ${new Date(next * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}.` : null),
    ),
    element("div", { class: "actions" }, badge(words, kind), again ? changeButton("Try again…", () => askRetry(delivery, said), { kind: "small", runs: false, label: `Try again: ${target}, ${eventWords(event)}`, focus: `retry-${id}` }) : null),
  );
}

async function askRetry({ id, target, event }, said) {
  const sent = await askFirst({
    title: "Send it again?",
    rows: [["What", `${target}: ${eventWords(event)}`], ["What happens", "It is sent now, and before it what waits for the same target."]],
    yes: "Send it again",
    runs: false,
    act: () => post(path("api", "webhooks", "deliveries", id, "retry")),
  });
  if (sent) said.textContent = "It is sent again now.";
}

const eventWords = (event) => EVENTS[event] ?? event.replaceAll("_", " ");
