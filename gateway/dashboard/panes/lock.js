// The lock: who keeps others from switching models, why and until when; take it, hold it longer, give it back.

import { ask, post, remove } from "../core/api.js";
import { askFirst } from "../core/ask_first.js";
import { changeButton } from "../core/change_button.js";
import { watch } from "../core/changes.js";
import { button, copyable, draw, element, facts, field } from "../core/elements.js";
import { forgetToken, ownToken, rememberToken } from "./lock_token.js";
import { dueWords } from "./schedule_words.js";

const HOUR = 3600;
const LENGTHS = [[900, "15 minutes"], [HOUR, "1 hour"], [4 * HOUR, "4 hours"], [8 * HOUR, "8 hours"], [24 * HOUR, "1 day"], [72 * HOUR, "3 days"], [168 * HOUR, "1 week"]];
const MEANING = "While somebody holds the lock, nobody else can switch models or restart what uses the GPU. Applications go on using the loaded model.";

/** Show the lock in a place; gives the function that ends it. */
export function mountLock(place) {
  const state = element("div", { class: "card lock" }, element("p", { class: "quiet" }, "Looking…"));
  const token = element("div", { class: "rows" });
  place.append(element("h3", { id: "lock-title" }, "The lock"), state, token);
  const show = (answer, { error }) => {
    if (!answer && !error) return;
    const lock = answer?.lock ?? null;
    const mine = lock ? ownToken(lock) : null;
    if (answer && !lock) token.replaceChildren();
    draw(state, { lock, error, mine: Boolean(mine), day: new Date().toDateString() }, () => (error ? [element("p", { class: "fault" }, error)] : lock ? held(lock, mine, again) : free(token, again)));
  };
  const again = () => ask("/api/swap/lock").then((answer) => show(answer, { error: null }), () => {}); // the stream looks only now and then
  return watch("lock", show);
}

function free(token, again) {
  return [
    element("p", {}, "Nobody holds it: anybody may switch models."),
    element("p", { class: "quiet" }, MEANING),
    element("div", { class: "actions" }, changeButton("Take the lock…", () => take(token).then(again), { runs: false, focus: "take-lock" })),
  ];
}

function held(lock, mine, again) {
  return [
    facts([
      ["Held by", element("strong", {}, lock.holder)],
      ["Because", lock.reason || "no reason was given"],
      ["Until", dueWords(lock.until)],
      ["Since", dueWords(lock.since)],
    ]),
    element("p", { class: "quiet" }, mine ? "This tab took it and knows its token." : MEANING),
    element(
      "div",
      { class: "actions" },
      changeButton("Take it away…", () => takeAway(lock).then(again), { kind: "danger", runs: false, focus: "force-lock" }),
      changeButton("Give it back…", () => giveBack(lock).then(again), { runs: false, focus: "release-lock" }),
      changeButton("Hold it longer…", () => renew(lock).then(again), { runs: false, focus: "renew-lock" }),
    ),
  ];
}

async function take(place) {
  const holder = element("input", { type: "text", required: true, maxLength: 200, autocomplete: "off" });
  const reason = element("input", { type: "text", maxLength: 500, autocomplete: "off" });
  const length = lengths();
  const taken = await askFirst({
    title: "Take the lock?",
    rows: [["What it does", MEANING], ["If it is forgotten", "It ends by itself when its time is over."]],
    fields: [field("Who takes it", holder, "A name, so that others know whom to ask."), field("Why", reason), field("For how long", length)],
    yes: "Take it",
    runs: false,
    act: () => post("/api/swap/lock", { holder: holder.value, reason: reason.value, ttl_seconds: Number(length.value) }),
  });
  if (!taken) return;
  if (taken.lock) rememberToken(taken.token, taken.lock);
  showToken(place, taken.token);
}

function showToken(place, token) {
  const heading = element("h4", { tabIndex: -1 }, "The lock is yours. This is its token");
  const put = button("I have it", () => place.replaceChildren(), { "data-focus": "token-done" });
  place.replaceChildren(
    element(
      "div",
      { class: "card token" },
      heading,
      element("p", {}, "Whoever has the token may switch models meanwhile, hold the lock longer and give it back. It is shown this once; this tab remembers it until it is closed."),
      copyable(token, "the token"),
      element("div", { class: "actions" }, put),
    ),
  );
  heading.focus();
}

async function renew(lock) {
  const length = lengths();
  const token = tokenField(lock);
  await askFirst({
    title: "Hold the lock longer?",
    rows: [["Held by", lock.holder], ["Until now", `until ${dueWords(lock.until)}`], ["Then", "The time counts from now on; it may also be shorter than what is left."]],
    fields: [...token.fields, field("From now on for", length)],
    yes: "Hold it so long",
    runs: false,
    act: async () => {
      const headers = { "content-type": "application/json", "x-lock-token": token.value() };
      const { lock: now } = await ask("/api/swap/lock/renew", { method: "POST", headers, body: JSON.stringify({ ttl_seconds: Number(length.value) }) });
      rememberToken(token.value(), now);
    },
  });
}

async function giveBack(lock) {
  const token = tokenField(lock);
  await askFirst({
    title: "Give the lock back?",
    rows: [["Held by", lock.holder], ["Then", "Anybody may switch models again."]],
    fields: token.fields,
    yes: "Give it back",
    no: "Keep it",
    runs: false,
    act: async () => {
      await remove("/api/swap/lock", { "x-lock-token": token.value() });
      forgetToken();
    },
  });
}

/** Ask, and take the lock away from its holder. */
export async function takeAway(lock) {
  await askFirst({
    title: `Take the lock away from ${lock.holder}?`,
    rows: [
      ["Held because", lock.reason || "no reason was given"],
      ["Until", dueWords(lock.until)],
      ["What may break", `What ${lock.holder} is doing may need the model that is loaded now: ask first, if you can.`],
      ["Written down", "The journal keeps that it was taken away, and from where."],
    ],
    yes: "Take it away",
    no: "Leave it with them",
    danger: true,
    runs: false,
    act: () => remove("/api/swap/lock?force=true"),
  });
}

function lengths() {
  const made = element("select", {}, LENGTHS.map(([seconds, words]) => element("option", { value: String(seconds) }, words)));
  made.value = String(HOUR);
  return made;
}

/** The token that this tab knows, or a field for it. */
function tokenField(lock) {
  const known = ownToken(lock);
  if (known) return { fields: [], value: () => known };
  const input = element("input", { type: "password", required: true, autocomplete: "off" });
  return { fields: [field("The lock’s token", input, "It was shown to the one who took the lock.")], value: () => input.value.trim() };
}
