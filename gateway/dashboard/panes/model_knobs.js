// The settings of a model: each value, who said so, and what it comes to in plain words.

import { ask, path, put } from "../core/api.js";
import { button, element, fold } from "../core/elements.js";
import { KnobField } from "./model_knob.js";
import { openSheet } from "./model_sheet.js";

/** Show the settings of a model; `reload()` asks to load it anew. */
export function showKnobs(model, reload) {
  const form = element("form", { class: "knobs" }, element("p", { class: "quiet" }, "Reading its settings…"));
  const lead = "Nothing is stopped by a change here: it holds from the next switch to this model on.";
  const dialog = openSheet(`Settings of ${model.title}`, element("p", { class: "quiet" }, lead), form);
  new Knobs(model, form, () => {
    dialog.close();
    reload();
  }).read();
}

class Knobs {
  constructor(model, form, reload) {
    this.model = model;
    this.form = form;
    this.reload = reload;
    this.place = path("api", "models", model.key, "knobs");
    form.onsubmit = (event) => {
      event.preventDefault();
      this.save();
    };
  }

  async read() {
    try {
      this.show(await ask(this.place));
    } catch (error) {
      this.form.replaceChildren(element("p", { class: "fault", role: "alert" }, error.message));
    }
  }

  show(view, words = "") {
    this.view = view;
    this.fields = view.knobs.map((knob) => new KnobField(knob));
    const known = this.fields.filter(({ knob }) => knob.name);
    const others = this.fields.filter(({ knob }) => !knob.name);
    this.fault = element("p", { class: "fault", role: "alert", hidden: true });
    this.said = element("p", { role: "status" }, words);
    this.button = element("button", { type: "submit", class: "main" }, "Save");
    const anew = words && view.loaded ? button("Load it anew now", this.reload) : null;
    const list = (fields) => element("div", { class: "knob-list" }, fields.map(({ place }) => place));
    const more = others.length ? fold("knobs", `${others.length} more, for who knows vLLM`, list(others)) : null;
    const parts = [list(known), more, this.fault, this.said, element("div", { class: "actions" }, anew, this.button)];
    this.form.replaceChildren(...parts.filter(Boolean));
  }

  async save() {
    const knobs = { ...this.view.own };
    for (const field of this.fields) field.fault("");
    this.fault.hidden = true;
    this.button.disabled = true;
    try {
      for (const field of this.fields) field.into(knobs);
      const view = await put(this.place, { knobs });
      this.show(view, this.saved(view));
      this.button.focus({ preventScroll: true });
      this.said.scrollIntoView({ block: "nearest" });
    } catch (error) {
      this.refuse(error);
    }
  }

  saved({ loaded }) {
    if (!loaded) return "Saved. It holds from the next switch to this model on.";
    return `Saved. ${this.model.title} is loaded now and goes on with the old values until it is loaded anew.`;
  }

  refuse(error) {
    this.button.disabled = false;
    const flag = error.flag ?? error.answer?.error?.param;
    const field = this.fields.find(({ knob }) => knob.flag === flag);
    if (field) return field.fault(error.message);
    this.fault.textContent = error.message;
    this.fault.hidden = false;
  }
}
