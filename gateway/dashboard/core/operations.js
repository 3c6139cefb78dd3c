// The runs under way, and those that this tab waits for: shown above whatever else is shown.

import { ask, path } from "./api.js";
import { latest, watch } from "./changes.js";
import { OVER } from "./kinds.js";
import { OperationCard } from "./operation.js";

const KEPT = "followed-runs";
const ROUTINE = ["logs"];
const SEEN_MS = 4000;

const cards = new Map(); // run id → its card
const waiting = new Map(); // run id → those who wait for its end
let place = null;
let titles = {};

/** Show the runs in a place, from now on. */
export function showOperations(where) {
  place = where;
  watch("models", (models) => {
    titles = Object.fromEntries((models?.models ?? []).map((model) => [model.key, model.title]));
    for (const card of cards.values()) card.take(card.run);
  });
  watch("operations", (operations) => operations && show(operations));
}

/** The name for people of what a run is about. */
export const nameOf = (run) => titles[run.model] ?? run.model;

/** The runs that go on now, such as that of a kind about something: null when there is none. */
export function underWay(kind, about = null) {
  const active = latest("operations")?.active ?? [];
  return active.find((run) => run.kind === kind && (about === null || run.model === about)) ?? null;
}

/** Follow a run that this tab has started: shown until it is closed, over a reload as well; gives it at its end. */
export async function follow({ id }, { focus = true } = {}) {
  remember(id);
  const run = await ask(path("api", "runs", id));
  const card = cardOf(run);
  if (focus) {
    card.title.focus({ preventScroll: true });
    card.place.scrollIntoView({ block: "nearest" });
  }
  // A check that ends well before anybody looked is in no list: nothing would tell of its end.
  setTimeout(() => cards.has(id) && !OVER.includes(cards.get(id).run.state) && lookUp(id), SEEN_MS);
  return ended(id);
}

/** The run once it has ended, shown or not. */
export function ended(id) {
  return new Promise((settle) => {
    const run = cards.get(id)?.run;
    if (run && OVER.includes(run.state)) settle(run);
    else waiting.set(id, [...(waiting.get(id) ?? []), settle]);
  });
}

function show({ active, ended: over }) {
  const known = new Map([...active, ...over].map((run) => [run.id, run]));
  for (const run of active) if (!ROUTINE.includes(run.kind) || followed().includes(run.id)) cardOf(run);
  for (const id of followed()) if (!cards.has(id)) lookUp(id);
  for (const [id, card] of cards) {
    const run = known.get(id);
    if (run) take(card, run);
    else if (!OVER.includes(card.run.state)) lookUp(id);
    if (OVER.includes(card.run.state) && !followed().includes(id) && card.run.state === "completed") drop(id);
  }
  for (const [id, settles] of waiting) {
    const run = known.get(id);
    if (run && OVER.includes(run.state)) settle(id, settles, run);
  }
}

function take(card, run) {
  card.take(run);
  const settles = waiting.get(run.id);
  if (settles && OVER.includes(run.state)) settle(run.id, settles, run);
}

function settle(id, settles, run) {
  waiting.delete(id);
  for (const one of settles) one(run);
}

async function lookUp(id) {
  try {
    take(cardOf(await ask(path("api", "runs", id))), cards.get(id).run);
  } catch (error) {
    if (error.status === 404) drop(id);
  }
}

function cardOf(run) {
  if (!cards.has(run.id)) {
    const card = new OperationCard(run, { nameOf, closed: () => drop(run.id) });
    cards.set(run.id, card);
    place.prepend(card.place);
  } else if (!OVER.includes(cards.get(run.id).run.state)) cards.get(run.id).take(run); // no answer that was late undoes an end
  return cards.get(run.id);
}

function drop(id) {
  cards.get(id)?.log.close();
  cards.get(id)?.place.remove();
  cards.delete(id);
  keep(followed().filter((other) => other !== id));
}

const followed = () => JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
const keep = (ids) => sessionStorage.setItem(KEPT, JSON.stringify(ids.slice(-10)));
const remember = (id) => keep([...followed().filter((other) => other !== id), id]);
