// The hosts: how each is, what it does, and how it was.

import { watch } from "../core/changes.js";
import { element } from "../core/elements.js";
import { HostCard } from "./host_card.js";

/** The pane. */
export const pane = { mount: (place) => new Hosts(place).leave };

class Hosts {
  constructor(place) {
    this.cards = new Map();
    this.waking = [];
    this.said = null;
    this.fault = element("p", { class: "fault", role: "alert" });
    this.wait = element("p", { class: "quiet" }, "Asking the gateway…");
    this.tiles = element("div", { class: "tiles wide-tiles" });
    place.append(this.fault, this.wait, this.tiles);
    const ends = [watch("hardware", (data, message) => this.take(data, message)), watch("operations", (data) => this.takeRuns(data))];
    this.leave = () => {
      for (const end of ends) end();
      for (const card of this.cards.values()) card.leave();
    };
  }

  take(data, message) {
    this.fault.textContent = message.error ?? "";
    if (!data) return;
    this.said = { hosts: data.hosts, message };
    this.show();
  }

  takeRuns(operations) {
    if (!operations) return;
    this.waking = operations.active.filter((run) => run.kind === "wake").map((run) => run.model);
    this.show();
  }

  show() {
    if (!this.said) return;
    const { hosts, message } = this.said;
    this.wait.hidden = hosts.length > 0;
    this.wait.textContent = "No host is set up yet: name them in the settings of the cluster.";
    for (const host of hosts) this.cardOf(host.name).take(host, message, this.waking.includes(host.name));
    for (const [name, card] of this.cards) if (!hosts.some((host) => host.name === name)) this.drop(name, card);
  }

  cardOf(name) {
    if (!this.cards.has(name)) {
      const card = new HostCard(name);
      this.cards.set(name, card);
      this.tiles.append(card.place);
    }
    return this.cards.get(name);
  }

  drop(name, card) {
    card.leave();
    card.place.remove();
    this.cards.delete(name);
  }
}
