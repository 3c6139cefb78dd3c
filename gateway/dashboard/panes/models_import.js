// Taking in a recipe file: first a look at what it holds, then the decision.

import { post } from "../core/api.js";
import { button, element, field, fold } from "../core/elements.js";

const LARGEST = 1024 * 1024;

/** The form, behind a fold; built once. */
export function importPlace() {
  return element("section", { class: "section" }, fold("import", "Take in a recipe file", new Import().form));
}

class Import {
  constructor() {
    this.text = element("textarea", { required: true, spellcheck: false, rows: 8 });
    this.file = element("input", { type: "file", accept: ".yaml,.yml,.json,text/plain", onchange: () => this.load() });
    this.key = element("input", { type: "text", autocomplete: "off", spellcheck: false, oninput: () => this.tell() });
    this.replace = element("input", { type: "checkbox" });
    this.outcome = element("div", { class: "outcome", role: "status" });
    this.name = "";
    this.take = button("Take it in", () => this.send(false), { class: "main", hidden: true });
    const look = element("button", { type: "submit" }, "Look at it");
    const fields = [
      field("A file", this.file),
      field("Or its text", this.text, "A recipe of Spark Control, or one of the community for spark-vllm-docker."),
      field("Another short name for it", this.key, "For one of the community; blank: its own."),
    ];
    this.form = element("form", { class: "card import" }, fields, this.outcome, element("div", { class: "actions" }, look, this.take));
    this.text.oninput = () => this.forget();
    this.form.onsubmit = (event) => {
      event.preventDefault();
      this.send(true);
    };
  }

  async load() {
    const [file] = this.file.files;
    if (!file) return;
    if (file.size > LARGEST) return this.tell(element("p", { class: "fault" }, "This file is too large for a recipe."));
    this.text.value = await file.text();
    this.forget();
    this.name = file.name.replace(/\.[^.]*$/, "");
    await this.send(true);
  }

  forget() {
    this.name = "";
    this.tell();
    this.take.hidden = true;
  }

  async send(dry) {
    this.take.disabled = true;
    try {
      const found = await post("/api/models/import", this.asked(dry));
      this.tell(...(dry ? this.seen(found) : [element("p", {}, `Taken in: ${names(found)}.`)]));
      this.take.hidden = !dry;
    } catch (error) {
      this.tell(...faults(error));
      this.take.hidden = dry || this.take.hidden;
    }
    this.take.disabled = false;
  }

  asked(dry) {
    const key = this.key.value.trim();
    const more = { ...(key ? { key } : {}), ...(this.name ? { name: this.name } : {}) };
    return { text: this.text.value, ...more, replace: !dry && this.replace.checked, dry_run: dry };
  }

  seen(found) {
    const { taken, not_honoured: lost } = found;
    const line = ({ field: name, why }) => element("li", {}, element("strong", {}, `${name}: `), why);
    const words = `Put it in the place of ${taken.join(", ")}, which ${taken.length > 1 ? "are" : "is"} on the list already`;
    return [
      element("p", {}, `It holds ${names(found)}. Nothing is changed yet.`),
      lost.length ? element("p", {}, "This of it does not happen:") : null,
      lost.length ? element("ul", { class: "found why" }, lost.map(line)) : null,
      taken.length ? element("label", { class: "choice" }, this.replace, element("span", {}, words)) : null,
    ];
  }

  tell(...lines) {
    this.outcome.replaceChildren(...lines.filter(Boolean));
  }
}

const names = ({ recipes }) => recipes.map((recipe) => recipe.name || recipe.key).join(", ") || "no recipe";

function faults(error) {
  const where = ({ line, field: name }) => [line ? `line ${line}` : "", name].filter(Boolean).join(", ");
  const lines = (error.answer?.faults ?? []).map((one) => [where(one), one.message].filter(Boolean).join(": "));
  if (!lines.length) return [element("p", { class: "fault" }, error.message)];
  return [element("p", { class: "fault" }, "This file cannot be used:"), element("ul", { class: "found fault" }, lines.map((line) => element("li", {}, line)))];
}
