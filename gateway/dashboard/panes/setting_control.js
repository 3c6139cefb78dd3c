// One control for each kind of value: `place` to show, `read()` what it says, `fault(path, words)` to say what is wrong.

import { element } from "../core/elements.js";
import { GroupControl, ItemsControl } from "./setting_groups.js";
import { controlOf, shapeOf } from "./setting_schema.js";
import { SecretControl, SecretsControl } from "./setting_secrets.js";
import { choiceWords, valueWords } from "./setting_words.js";

/**
 * The control for a described value; blank reads as null, and a value that nobody touched as it was.
 *
 * `described` its schema, `form` the schema of the whole, `value` as it was typed, `usual` what counts when it is
 * blank, `label` its name, `id` a word of its own.
 */
export function controlFor(given) {
  const { shape, nullable } = shapeOf(given.described, given.form);
  const Control = controls()[controlOf(shape, given.form)];
  const usual = given.usual === undefined ? (shape.default ?? null) : given.usual;
  return new Control({ ...given, shape, nullable, usual });
}

/** A control of one input. */
class Single {
  constructor(given) {
    this.given = given;
    this.input = this.make(given);
    this.input.dataset.focus = given.id;
    this.before = this.shown();
    this.place = this.input;
    this.compound = false;
    this.resettable = true;
  }

  shown() {
    return this.input.value;
  }

  get touched() {
    return this.shown() !== this.before;
  }

  read() {
    return this.touched ? this.meant(this.shown()) : (this.given.value ?? null);
  }

  meant(text) {
    return text.trim() === "" ? null : text.trim();
  }

  clear() {
    this.input.value = "";
  }

  fault() {
    return false; // its field says it
  }
}

class TextControl extends Single {
  make({ value, usual, shape, required }) {
    const properties = { value: value ?? "", placeholder: usual ? valueWords(usual) : "", required: Boolean(required), autocomplete: "off", spellcheck: false };
    const long = String(value ?? "").includes("\n");
    return long ? element("textarea", properties) : element("input", { type: "text", ...properties, ...(shape.maxLength ? { maxLength: shape.maxLength } : {}) });
  }
}

class NumberControl extends Single {
  make({ value, usual, shape, required }) {
    const step = shape.type === "integer" ? 1 : "any";
    return element("input", { type: "number", value: value ?? "", placeholder: usual === null ? "" : String(usual), min: shape.minimum, max: shape.maximum, step, required: Boolean(required), inputMode: "decimal" });
  }

  read() {
    if (this.input.validity.badInput) throw new SyntaxError("it has to be a number");
    return super.read();
  }

  meant(text) {
    return text.trim() === "" ? null : Number(text);
  }
}

class ChoiceControl extends Single {
  make({ value, usual, shape, required }) {
    const blank = required ? null : element("option", { value: "" }, usual === null ? "As usual" : `As usual: ${choiceWords(usual)}`);
    const made = element("select", {}, blank, shape.enum.map((word) => element("option", { value: word }, choiceWords(word))));
    made.value = value ?? "";
    return made;
  }
}

class SwitchControl extends Single {
  make({ value, usual, nullable }) {
    const words = { "": usual === null ? "As usual" : `As usual: ${usual ? "on" : "off"}`, true: "On", false: "Off" };
    if (nullable) {
      const made = element("select", {}, ["", "true", "false"].map((word) => element("option", { value: word }, words[word])));
      made.value = value === null || value === undefined ? "" : String(value);
      return made;
    }
    return element("input", { type: "checkbox", role: "switch", checked: Boolean(value ?? usual) });
  }

  shown() {
    return this.given.nullable ? this.input.value : String(this.input.checked);
  }

  meant(text) {
    return text === "" ? null : text === "true";
  }

  clear() {
    if (this.given.nullable) this.input.value = "";
    else this.input.checked = Boolean(this.given.usual);
  }
}

class LinesControl extends Single {
  make({ value }) {
    return element("textarea", { value: (value ?? []).join("\n"), rows: Math.min(8, Math.max(2, (value ?? []).length + 1)), spellcheck: false });
  }

  meant(text) {
    const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
    return lines.length ? lines : null;
  }
}

class JsonControl extends Single {
  make({ value, usual }) {
    const text = JSON.stringify(value ?? usual ?? null, null, 2);
    return element("textarea", { class: "json", value: text === "null" ? "" : text, spellcheck: false, rows: Math.min(14, text.split("\n").length + 1) });
  }

  meant(text) {
    if (text.trim() === "") return null;
    try {
      return JSON.parse(text);
    } catch {
      throw new SyntaxError("it has to be JSON: quotes around words, commas between, brackets closed");
    }
  }
}

// A function, since groups are made of controls again: at load time not all of them are there yet.
const controls = () => ({
  text: TextControl,
  number: NumberControl,
  choice: ChoiceControl,
  switch: SwitchControl,
  lines: LinesControl,
  json: JsonControl,
  secret: SecretControl,
  secrets: SecretsControl,
  group: GroupControl,
  items: ItemsControl,
});
