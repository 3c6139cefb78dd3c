// The models by what can be done with them, as cards.

import { draw, element, fold } from "../core/elements.js";
import { count } from "../core/words.js";
import { modelCard } from "./model_card.js";
import { copiesOf } from "./model_words.js";
import { arranged } from "./models_order.js";

const SHOWN_AWAY = 4;

/** What the lists show of what is known now; nothing in it changes with time alone. */
export function shownModels({ status, models, disks, operations, search, checks }) {
  const downloads = operations.active.filter(({ kind }) => kind === "download");
  const busy = whyBusy(status, models);
  const card = (model) => ({
    model,
    busy,
    copies: copiesOf(model, disks),
    download: progressOf(downloads.find((run) => run.model === model.model)),
    checking: operations.active.some((run) => run.kind === "validate" && run.model === model.key),
    check: checks.of(model.key),
  });
  const groups = arranged(models, downloads.map(({ model }) => model), search);
  return { groups: groups.map((group) => ({ ...group, cards: group.models.map(card) })), search, loaded: status.loaded, some: models.length > 0 };
}

// A lock is no reason: who has its token may switch.
function whyBusy({ swap }, models) {
  const title = swap && (models.find(({ key }) => key === swap.model)?.title ?? swap.model);
  return swap ? `A switch to ${title} is under way` : null;
}

const progressOf = (run) => run && { progress: run.progress, message: run.message };

/** The lists in a place; a card is drawn anew only when something about its model has changed. */
export class Lists {
  constructor(place, acts) {
    this.place = place;
    this.acts = acts;
    this.slots = new Map(); // model → where its card is
  }

  show(shown) {
    const cards = new Map(shown.groups.flatMap((group) => group.cards).map((card) => [idOf(card), card]));
    for (const id of this.slots.keys()) if (!cards.has(id)) this.slots.delete(id);
    for (const [id, card] of cards) {
      if (!this.slots.has(id)) this.slots.set(id, element("div", { class: "slot" }));
      draw(this.slots.get(id), card, (one) => modelCard(one, this.acts));
    }
    const groups = shown.groups.map(({ id, title, cards: some }) => ({ id, title, ids: some.map(idOf) }));
    draw(this.place, { ...shown, groups }, (data) => this.lists(data));
  }

  lists({ groups, search, loaded, some }) {
    if (!some) return element("p", { class: "card quiet" }, "There is no model yet. Get one below: name it, and it is downloaded.");
    if (!groups.length) return element("p", { class: "card quiet", role: "status" }, `No model fits “${search}”.`);
    const quiet = loaded || search || groups[0].id === "loading";
    return [quiet ? stranger(loaded) : noneLoaded(), ...groups.map((group) => this.group(group, search))];
  }

  group({ id, title, ids }, search) {
    const tiles = element("div", { class: "tiles models-tiles" }, ids.map((each) => this.slots.get(each)));
    const made = element("section", { class: "section" }, element("h3", {}, title), tiles);
    const folded = id === "rest" || (id === "away" && ids.length > SHOWN_AWAY);
    if (!folded || search) return made;
    const words = id === "rest" ? `${count(ids.length, "model")} that cannot run here` : `${count(ids.length, "model")} not on disk, to be downloaded`;
    return fold(`group-${id}`, words, made);
  }
}

const idOf = ({ model }) => `${model.key} ${model.model}`;

const noneLoaded = () => element("p", { class: "quiet" }, "No model is loaded. Pick one and press “Switch to this”.");

function stranger(loaded) {
  if (!loaded || loaded.key) return null;
  const words = `${loaded.title}: it was started by somebody else, and there is no recipe for it.`;
  return element("article", { class: "card" }, element("h3", {}, "Loaded now"), element("p", {}, words));
}
