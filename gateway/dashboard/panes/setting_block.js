// One block of settings: its form, built once and never drawn anew under somebody's hands.

import { changeButton } from "../core/change_button.js";
import { badge, button, draw, element } from "../core/elements.js";
import { count } from "../core/words.js";
import { SettingField } from "./setting_field.js";
import { saveSettings } from "./setting_save.js";
import { blockWords } from "./setting_words.js";

export class SettingBlock {
  constructor(view) {
    this.title = blockWords(view.block)[0];
    this.head = element("summary", { "data-focus": `block-${view.block}` });
    this.note = element("p", { class: "why", role: "status" });
    this.said = element("p", { class: "quiet", role: "status" });
    this.fields = [];
    this.list = element("div", { class: "setting-grid" });
    this.bar = element("div", { class: "actions save" });
    this.fault = element("p", { class: "fault", role: "alert" });
    this.guard = element("fieldset", { class: "guard", "aria-label": this.title }, this.list);
    const changed = () => this.showBar();
    const submit = (event) => {
      event.preventDefault();
      this.save();
    };
    this.form = element("form", { class: "stacked", noValidate: true, oninput: changed, onchange: changed, onsubmit: submit }, this.note, this.guard, this.fault, this.said, this.bar);
    this.place = element("details", { class: "card settings-block", "data-block": view.block }, this.head, this.form);
    this.build(view);
  }

  /** The block as it is by now: shown, unless somebody is changing it here. */
  take(view) {
    if (view.version === this.view.version) return;
    if (!this.touched.length) return this.build(view);
    this.newest = view;
    this.note.textContent = "Somebody else has changed these settings since you began. When you save, both are shown.";
  }

  /** Unfold it and bring it into view. */
  show() {
    this.place.open = true;
    this.place.scrollIntoView({ block: "start" });
    this.head.focus({ preventScroll: true });
  }

  /** Looked at, but not changed, while Prefect is away. */
  lock(locked) {
    this.guard.disabled = locked;
  }

  get touched() {
    return this.fields.filter(({ touched }) => touched);
  }

  build(view) {
    this.view = view;
    this.newest = null;
    const { block, form } = view;
    const open = [...this.list.querySelectorAll("details[open] > summary")].map(({ dataset }) => dataset.focus);
    const focused = this.form?.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    this.fields = view.fields.map((field) => new SettingField({ ...field, described: form.properties[field.name], form, block, id: `${block}.${field.name}`, usual: field.type === "array" ? field.used : field.default }));
    this.list.replaceChildren(...this.fields.map(({ place }) => place));
    for (const name of open) this.list.querySelector(`summary[data-focus="${CSS.escape(name)}"]`)?.parentElement.setAttribute("open", "");
    if (focused) this.form.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    this.note.textContent = "";
    this.showHead();
    this.showBar();
  }

  showHead() {
    const problems = this.view.problems.length;
    const [title, purpose] = blockWords(this.view.block);
    this.head.replaceChildren(element("h3", {}, title), problems ? badge(count(problems, "problem"), "bad") : badge(state(this.view)), element("span", { class: "quiet" }, purpose));
  }

  showBar() {
    const changes = this.touched.length;
    if (changes) this.said.textContent = "";
    this.bar.classList.toggle("changed", changes > 0);
    draw(this.bar, { changes, block: this.view.block }, () => [
      element("p", { class: "quiet" }, changes ? `${count(changes, "setting")} changed, not saved yet` : "Nothing is changed"),
      button("Discard", () => this.discard(), { disabled: !changes, "aria-label": `Discard the changes of ${this.title}`, "data-focus": `discard-${this.view.block}` }),
      changeButton("Save…", () => this.save(), { why: changes ? null : "Nothing is changed", kind: "main", label: `Save ${this.title}…`, focus: `save-${this.view.block}` }),
    ]);
  }

  discard() {
    this.fault.textContent = "";
    this.build(this.newest ?? this.view);
    this.head.focus();
  }

  /** The changed values by field; null when one of them is nothing it could be. */
  values() {
    for (const field of this.fields) field.calm();
    this.fault.textContent = "";
    const changed = {};
    for (const field of this.touched) {
      try {
        changed[field.name] = field.read();
      } catch (error) {
        this.fault.textContent = `${field.label}: ${error.message}.`;
        return null;
      }
    }
    return changed;
  }

  async save() {
    const values = this.values();
    if (!values || !Object.keys(values).length) return;
    const { now, faults, message } = await saveSettings(this.view, this.title, values);
    if (faults) this.blame(faults, message);
    else if (now) {
      this.build(now);
      this.said.textContent = "Saved. It holds within five seconds.";
    }
  }

  /** Each fault at its field, the first one in view. */
  blame(faults, message) {
    const lost = faults.filter(({ field, message: why }) => {
      const [name, ...rest] = field.split(".");
      return !this.fields.find((each) => each.name === name)?.fault(rest, why);
    });
    const others = lost.map(({ field, message: why }) => `${field}: ${why}`).join("; ");
    this.fault.textContent = `Nothing was saved. ${others || (faults.length ? "What does not fit stands at its setting." : message)}`;
    this.place.querySelector('[aria-invalid="true"]')?.focus();
  }
}

// One look at the folded block says what is in it.
function state({ block, fields }) {
  const of = (name) => fields.find((field) => field.name === name);
  const size = (name) => of(name)?.used?.length ?? Object.keys(of(name)?.used ?? {}).length;
  if (block === "cluster") return `${count(size("hosts"), "host")}, ${count(size("services"), "service")}`;
  if (block === "catalog") return count(size("recipes"), "recipe");
  if (block === "swap-webhook") return count(size("targets") + (of("url")?.used ? 1 : 0), "target");
  if (block === "upstream-keys") return count(size("keys"), "key");
  if (block === "bot") return of("user")?.used ? `user ${of("user").used}` : "no bot";
  if (block === "ngc-key") return of("key")?.value ? "set" : "not set";
  return count(fields.length, "setting");
}
