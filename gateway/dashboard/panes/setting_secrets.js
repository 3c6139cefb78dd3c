// Secrets: they are written and never shown; stars stand for one that is kept.

import { button, element } from "../core/elements.js";

const STARS = "********";

/** One secret: blank leaves it as it is. */
export class SecretControl {
  constructor({ value, id, label }) {
    this.there = Boolean(value);
    this.compound = false;
    this.resettable = false; // it has a button of its own
    this.taken = false;
    this.input = secretInput(id, this.there);
    this.input.addEventListener("input", () => (this.taken = false));
    const take = this.there ? button("Take it away", () => this.take(), { class: "small", "aria-label": `Take away: ${label}`, "data-focus": `${id}-take` }) : null;
    this.state = element("p", { class: "quiet", role: "status" }, this.there ? "One is set. It is shown nowhere; write another one to replace it." : "None is set.");
    this.place = element("div", { class: "secret" }, this.input, take, this.state);
  }

  take() {
    this.taken = true;
    this.input.value = "";
    this.state.textContent = "It will be taken away when this is saved.";
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  get touched() {
    return this.taken || this.input.value !== "";
  }

  read() {
    if (this.taken) return null;
    return this.input.value || (this.there ? STARS : null);
  }

  clear() {
    this.take();
  }

  fault() {
    return false;
  }
}

/** Secrets by name. */
export class SecretsControl {
  constructor({ value, id, label }) {
    this.value = value ?? {};
    this.compound = true;
    this.id = id;
    this.label = label;
    this.count = 0;
    this.list = element("div", { class: "rows" });
    this.rows = Object.keys(this.value).map((name) => this.row(name));
    this.list.append(...this.rows.map(({ place }) => place));
    const add = button("Add one", () => this.add(), { class: "small", "aria-label": `Add one to: ${label}`, "data-focus": `${id}-add` });
    this.place = element("div", { class: "rows" }, this.list, element("div", {}, add));
    this.input = add;
  }

  row(kept) {
    const id = `${this.id}-${(this.count += 1)}`;
    const name = element("input", { type: "text", value: kept ?? "", readOnly: kept !== null, placeholder: "Name", "aria-label": `Name, ${this.label}`, autocomplete: "off", "data-focus": `${id}-name` });
    const secret = secretInput(`${id}-secret`, kept !== null);
    secret.setAttribute("aria-label", `Secret of ${kept ?? "the new one"}, ${this.label}`);
    const row = { kept, name, secret };
    const take = button("Take away", () => this.drop(row), { class: "small", "aria-label": `Take away ${kept ?? "the new one"}, ${this.label}`, "data-focus": `${id}-take` });
    row.place = element("div", { class: "pair" }, name, secret, take);
    return row;
  }

  add() {
    const row = this.row(null);
    this.rows.push(row);
    this.list.append(row.place);
    row.name.focus();
  }

  drop(row) {
    this.rows = this.rows.filter((each) => each !== row);
    row.place.remove();
    this.place.dispatchEvent(new Event("change", { bubbles: true }));
    this.input.focus();
  }

  get touched() {
    return JSON.stringify(this.read()) !== JSON.stringify(this.value);
  }

  read() {
    const filled = this.rows.filter(({ kept, name, secret }) => kept !== null || name.value.trim() || secret.value);
    return Object.fromEntries(filled.map(({ kept, name, secret }) => [kept ?? name.value.trim(), secret.value || (kept !== null ? STARS : "")]));
  }

  clear() {
    for (const row of [...this.rows]) this.drop(row);
  }

  fault() {
    return false;
  }
}

function secretInput(id, there) {
  return element("input", { type: "password", value: "", placeholder: there ? STARS : "", autocomplete: "new-password", spellcheck: false, "data-focus": id });
}
