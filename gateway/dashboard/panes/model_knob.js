// One setting of a model: a field that fits its kind of value, with its effect.

import { button, element, field } from "../core/elements.js";
import { sentence } from "../core/words.js";
import { select } from "./model_choices.js";

const SOURCES = {
  operator: "Your value",
  recipe: "From its recipe",
  inferred: "Read from the model’s own files",
  vllm: "What vLLM takes when it is not told",
};
const CHOICES = {
  "--kv-cache-dtype": [["As exact as the model itself", "auto"], ["FP8: twice as much text fits", "fp8"]],
  "--load-format": [["The usual way", "auto"], ["Fast: straight to the GPU", "fastsafetensors"]],
};
const SWITCH = [["On", true], ["Off", false]];

/** A field for one knob; `knob` as GET /api/models/{key}/knobs has it. */
export class KnobField {
  constructor(knob) {
    this.knob = knob;
    this.cleared = false;
    this.input = inputFor(knob);
    this.before = this.input.value;
    this.said = element("p", { class: "fault", role: "alert", hidden: true });
    const label = knob.name || knob.flag;
    const made = field(label, this.input);
    this.source = element("p", { class: "quiet" }, SOURCES[knob.source] ?? knob.source, knob.name ? [" · ", element("code", {}, knob.flag)] : null);
    this.effect = element("p", {}, knob.effect ? `${sentence(knob.effect)}.` : null);
    this.input.oninput = () => (this.effect.textContent = knob.name ? "What this comes to is said once it is saved." : "");
    this.place = element("div", { class: "knob", "data-flag": knob.flag }, made, this.effect, this.source, this.back(label), this.said);
    this.input.setAttribute("aria-describedby", describe(this.place));
  }

  back(label) {
    if (this.knob.source !== "operator") return null;
    const otherwise = this.knob.otherwise === null ? "the model’s own value" : textOf(this.knob.otherwise);
    const made = button(`Back to ${otherwise}`, () => this.clear(made), { class: "small", "aria-label": `${label}: back to ${otherwise}` });
    return made;
  }

  clear(made) {
    this.cleared = true;
    this.input.value = textOf(this.knob.otherwise);
    this.before = this.input.value;
    this.source.textContent = "Goes back when you save";
    made.hidden = true;
  }

  /** Put what was changed into the operator's values; throws an error with its `flag`. */
  into(knobs) {
    if (this.cleared) delete knobs[this.knob.flag];
    if (this.input.value !== this.before) knobs[this.knob.flag] = this.value();
  }

  value() {
    const text = this.input.value.trim();
    if (isObject(this.knob)) return text ? parsed(text, this.knob) : null;
    if (isSwitch(this.knob)) return text === "true";
    return text === "" ? null : text;
  }

  /** Show what is wrong with it; blank: nothing. */
  fault(words) {
    const { flag, name } = this.knob;
    this.said.textContent = words.replace(/^knobs: /, "").replace(flag, name || flag);
    this.said.hidden = !words;
    this.input.setAttribute("aria-invalid", String(Boolean(words)));
    if (words) this.input.focus();
  }
}

const isSwitch = ({ value, otherwise }) => typeof (value ?? otherwise) === "boolean";
const isObject = ({ flag, value, otherwise }) => flag === "--speculative-config" || isPlainObject(value ?? otherwise);
const isPlainObject = (value) => typeof value === "object" && value !== null;

function parsed(text, { flag, name }) {
  try {
    return JSON.parse(text);
  } catch {
    throw Object.assign(new Error(`${name || flag}: this is not JSON, such as {"method": "mtp", "num_speculative_tokens": 3}.`), { flag });
  }
}

function textOf(value) {
  if (value === null || value === undefined) return "";
  return isPlainObject(value) ? JSON.stringify(value) : String(value);
}

function inputFor(knob) {
  const value = textOf(knob.value);
  if (isSwitch(knob)) return select(SWITCH, knob.value);
  if (knob.flag in CHOICES) return select(withPresent(CHOICES[knob.flag], value), value);
  if (isObject(knob)) return element("textarea", { value, rows: 2, spellcheck: false, placeholder: "off" });
  return element("input", { type: "text", value, autocomplete: "off", spellcheck: false, placeholder: "the model’s own" });
}

function withPresent(choices, value) {
  return !value || choices.some(([, each]) => each === value) ? choices : [...choices, [value, value]];
}

function describe(place) {
  return [...place.querySelectorAll(":scope > p")].map((line, index) => (line.id = `${place.querySelector("label").htmlFor}-${index}`)).join(" ");
}
