// The services: what each is for, how it is, and what can be done with it.

import { changeButton } from "../core/change_button.js";
import { latest, watch } from "../core/changes.js";
import { element, fold } from "../core/elements.js";
import { ServiceCard } from "./service_card.js";
import { addService, checkNow } from "./service_questions.js";

const ACTS = ["start", "stop", "restart", "deep-check"];

/** The pane. */
export const pane = { mount: (place) => new Services(place).leave };

class Services {
  constructor(place) {
    this.cards = new Map();
    this.said = {};
    this.fault = element("p", { class: "fault", role: "alert" });
    this.wait = element("p", { class: "quiet" }, "Asking the gateway…");
    this.shown = element("div", { class: "tiles wide-tiles" });
    this.hidden = element("div", { class: "tiles wide-tiles" });
    this.hiddenFold = fold("hidden-services", "Hidden services", this.hidden);
    this.hiddenFold.hidden = true;
    place.append(tools(), this.fault, this.wait, this.shown, this.hiddenFold);
    const ends = ["services", "deep-health", "status", "operations", "lock"].map((topic) => watch(topic, (data, message) => this.take(topic, data, message)));
    this.leave = () => {
      for (const end of ends) end();
      for (const card of this.cards.values()) card.leave();
    };
  }

  take(topic, data, { received, error }) {
    if (topic === "services") this.fault.textContent = error ?? "";
    if (!data) return;
    this.said[topic] = { data, received };
    if (topic !== "lock" && this.said.services) this.show();
  }

  show() {
    const { data, received } = this.said.services;
    this.wait.hidden = true;
    for (const service of data.services) this.cardOf(service.name).take({ service, received, ...this.around(service) });
    for (const [name, card] of this.cards) if (!data.services.some((service) => service.name === name)) this.drop(name, card);
    const cards = (hidden) => data.services.filter((service) => service.hidden === hidden).map((service) => this.cardOf(service.name).place);
    arrange(this.shown, cards(false));
    arrange(this.hidden, cards(true));
    this.hiddenFold.hidden = !this.hidden.childElementCount;
    this.hiddenFold.querySelector("summary").textContent = `Hidden services (${this.hidden.childElementCount})`;
  }

  around({ name }) {
    const { "deep-health": deep, status, operations } = this.said;
    return {
      deep: deep?.data.services.find((each) => each.service === name) ?? null,
      deepReceived: deep?.received,
      load: status?.data.services.find((each) => each.name === name) ?? null,
      loaded: status?.data.loaded ?? null,
      run: operations?.data.active.find((run) => ACTS.includes(run.kind) && run.model === name) ?? null,
    };
  }

  cardOf(name) {
    if (!this.cards.has(name)) this.cards.set(name, new ServiceCard(name));
    return this.cards.get(name);
  }

  drop(name, card) {
    card.leave();
    this.cards.delete(name);
  }
}

function tools() {
  const hosts = () => (latest("status")?.hosts ?? []).map((host) => host.name);
  return element(
    "div",
    { class: "actions tools" },
    element("p", { class: "quiet" }, "Programs that applications reach through the gateway."),
    changeButton("Check all", () => checkNow(null)),
    changeButton("Add a service", () => addService(hosts())),
  );
}

function arrange(place, wanted) {
  const same = wanted.length === place.childElementCount && wanted.every((card, at) => place.children[at] === card);
  if (!same) place.replaceChildren(...wanted);
}
