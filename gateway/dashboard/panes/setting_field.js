// One setting: its name, control, help, what is wrong with it, and the way back to its default.

import { button, element } from "../core/elements.js";
import { controlFor } from "./setting_control.js";
import { fieldWords, helpWords, valueWords } from "./setting_words.js";

export class SettingField {
  /** `described`, `form`, `value`, `usual` as for a control; `problem` why the value is not used; `of` whose it is. */
  constructor({ name, described, form, value, usual, id, block, required = false, problem = "", of = "" }) {
    this.name = name;
    this.required = required;
    this.label = fieldWords(name);
    const whole = of ? `${this.label}, ${of}` : this.label;
    this.control = controlFor({ name, described, form, value, usual, id, block, required, label: whole });
    this.before = value ?? null;
    this.problem = element("p", { class: "fault", id: `fault-${id}` }, problem ? `Not used: ${problem}` : null);
    const own = of ? "" : this.defaultButton(id, usual);
    this.place = this.build(id, helpWords(block, name, described.description ?? ""), own);
  }

  build(id, help, own) {
    const { control } = this;
    const helps = help ? element("p", { class: "quiet", id: `help-${id}` }, `${help}${/[.?!]$/.test(help) ? "" : "."}`) : null;
    if (control.compound) {
      const legend = element("legend", {}, this.label);
      return element("fieldset", { class: "setting whole", "data-setting": id }, legend, helps, control.place, this.problem);
    }
    control.input.id = `setting-${id}`;
    control.input.setAttribute("aria-describedby", [helps ? `help-${id}` : "", `fault-${id}`].join(" ").trim());
    const check = control.input.type === "checkbox";
    return element(
      "div",
      { class: check ? "setting tick" : "setting", "data-setting": id },
      element("label", { for: control.input.id }, this.label),
      control.place,
      own,
      helps,
      this.problem,
    );
  }

  defaultButton(id, usual) {
    const { control } = this;
    if (this.before === null || this.before === usual || control.compound || !control.resettable) return null;
    const words = usual === null || usual === undefined || usual === "" ? "blank" : valueWords(usual);
    const press = () => {
      control.clear();
      control.input.dispatchEvent(new Event("change", { bubbles: true }));
      control.input.focus();
    };
    return button("Default", press, { class: "small", title: `Default: ${words}`, "aria-label": `Default of ${this.label}: ${words}`, "data-focus": `${id}-default` });
  }

  get touched() {
    return this.control.touched;
  }

  /** What it says; a SyntaxError, shown here, when that is nothing it could be. */
  read() {
    try {
      return this.control.read();
    } catch (error) {
      this.say(error.message);
      throw error;
    }
  }

  /** Say what is wrong at a place within it; true when it was said. */
  fault(rest, words) {
    if (rest.length && this.control.fault(rest, words)) return true;
    this.say(words);
    return true;
  }

  say(words) {
    this.problem.textContent = words ? `It does not fit: ${words}.` : "";
    this.control.input.setAttribute("aria-invalid", String(Boolean(words)));
  }

  /** Nothing is wrong any more. */
  calm() {
    if (this.problem.textContent.startsWith("It does not fit")) this.say("");
    for (const row of this.control.rows ?? []) for (const field of row.group?.fields ?? []) field.calm();
    for (const field of this.control.fields ?? []) field.calm();
  }
}
