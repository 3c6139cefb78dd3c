// Flags that hold for one planned switch only, each in plain words, behind a fold.

import { ask, path } from "../core/api.js";
import { element, field } from "../core/elements.js";

/** The fields for the flags of a model; what was set before is kept, also where nobody touches it. */
export class KnobFields {
  constructor(set) {
    this.set = set;
    this.model = "";
    this.shown = null;
    this.fields = [];
    this.list = element("div", { class: "rows" });
    this.place = element("details", { class: "fold" }, element("summary", {}, "Other settings for this switch only"), this.list);
    this.place.addEventListener("toggle", () => this.show());
  }

  /** From now on it is about this model. */
  about(model) {
    if (this.model && this.model !== model) this.set = {};
    this.model = model;
    this.show();
  }

  /** What is set: flag to value; blank fields are left out. */
  values() {
    if (!this.fields.length) return this.set;
    const touched = this.fields.filter(({ input, before }) => input.value !== before);
    const cleared = new Set(touched.map(({ flag }) => flag));
    const kept = Object.entries(this.set).filter(([flag]) => !cleared.has(flag));
    return Object.fromEntries([...kept, ...touched.filter(({ input }) => input.value.trim()).map(({ flag, input }) => [flag, meant(input.value)])]);
  }

  async show() {
    if (!this.place.open || this.shown === this.model || !this.model) return;
    const model = (this.shown = this.model);
    this.fields = [];
    this.list.replaceChildren(element("p", { class: "quiet" }, "Looking…"));
    try {
      const { knobs } = await ask(path("api", "models", model, "knobs"));
      if (this.shown === model) this.build(knobs);
    } catch (error) {
      this.shown = null;
      this.list.replaceChildren(element("p", { class: "fault" }, error.message));
    }
  }

  build(knobs) {
    const flags = new Set(knobs.map(({ flag }) => flag));
    const others = Object.keys(this.set).filter((flag) => !flags.has(flag)).map((flag) => ({ flag, name: flag, value: null, effect: "" }));
    const shown = [...knobs.filter(({ name, flag }) => name || flag in this.set), ...others];
    this.fields = shown.map((knob) => this.one(knob));
    this.list.replaceChildren(element("p", { class: "quiet" }, "Blank: as this model is usually started."), ...this.fields.map(({ made }) => made));
  }

  one({ flag, name, value, effect }) {
    const before = flag in this.set ? written(this.set[flag]) : "";
    const input = typeof value === "boolean" ? onOff(before, value) : element("input", { type: "text", value: before, placeholder: value === null ? "as usual" : `as usual: ${written(value)}`, autocomplete: "off" });
    return { flag, before, input, made: field(name || flag, input, effect) };
  }
}

function onOff(before, usual) {
  const options = [["", `As usual: ${usual ? "on" : "off"}`], ["true", "On"], ["false", "Off"]];
  const made = element("select", {}, options.map(([value, words]) => element("option", { value }, words)));
  made.value = before;
  return made;
}

const written = (value) => (typeof value === "string" ? value : JSON.stringify(value));

// Numbers, switches and lists are what they look like; everything else is a word.
function meant(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text.trim();
  }
}
