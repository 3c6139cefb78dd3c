// Values made of several: a group of fields, and a list of such groups.

import { button, element } from "../core/elements.js";
import { SettingField } from "./setting_field.js";
import { choiceWords, itemWords } from "./setting_words.js";

/** An object with known fields; those that nobody touched stay as they were, unknown ones too. */
export class GroupControl {
  constructor({ value, usual, shape, form, id, block, item = "" }) {
    this.value = value ?? null;
    this.compound = true;
    const given = this.value ?? {};
    const required = new Set(shape.required ?? []);
    this.fields = Object.entries(shape.properties).map(
      ([name, described]) =>
        new SettingField({ name, described, form, block, id: `${id}.${name}`, value: given[name] ?? null, usual: usual?.[name] ?? undefined, required: required.has(name), of: item }),
    );
    // In a list, what has to be there or was set is seen at once; a group by itself is seen whole.
    const isMain = ({ required: must, before }) => !item || must || before !== null;
    const [main, more] = [this.fields.filter(isMain), this.fields.filter((field) => !isMain(field))];
    this.more = more.length ? element("details", { class: "fold" }, element("summary", { "data-focus": `${id}-more` }, "More settings"), element("div", { class: "setting-grid" }, more.map(({ place }) => place))) : null;
    this.place = element("div", { class: "group", ...(item ? { role: "group", "aria-label": item } : {}) }, element("div", { class: "setting-grid" }, main.map(({ place }) => place)), this.more);
    this.input = this.fields[0].control.input;
  }

  get touched() {
    return this.fields.some(({ touched }) => touched);
  }

  read() {
    if (!this.touched) return this.value;
    const read = Object.fromEntries(this.fields.filter(({ touched }) => touched).map((field) => [field.name, field.read()]));
    return Object.fromEntries(Object.entries({ ...this.value, ...read }).filter(([, value]) => value !== null));
  }

  clear() {
    for (const field of this.fields) field.control.clear();
  }

  fault([name, ...rest], words) {
    const field = this.fields.find((each) => each.name === name);
    if (!field) return false;
    if (this.more?.contains(field.place)) this.more.open = true;
    return field.fault(rest, words);
  }
}

/** A list of groups, each behind a fold with its name. */
export class ItemsControl {
  constructor(given) {
    this.given = given;
    this.compound = true;
    this.value = given.value ?? given.usual ?? [];
    this.made = 0;
    const { shape, form, name, id } = given;
    this.item = shape.items.$ref ? form.$defs[shape.items.$ref.split("/").at(-1)] : shape.items;
    this.list = element("div", { class: "rows" });
    this.rows = this.value.map((value) => this.row(value));
    this.list.append(...this.rows.map(({ place }) => place));
    const add = button(`Add a ${itemWords(name)}`, () => this.add(), { "data-focus": `${id}-add` });
    this.place = element("div", { class: "rows" }, this.list, element("div", {}, add));
    this.input = add;
  }

  row(value, fresh = false) {
    const { form, name, id, block } = this.given;
    const title = titleOf(value) || `New ${itemWords(name)}`;
    const group = new GroupControl({ value, usual: null, shape: this.item, form, block, id: `${id}.${(this.made += 1)}`, item: title });
    const row = { group, fresh };
    const take = button(`Take ${title} away`, () => this.drop(row), { class: "small danger", "data-focus": `${id}-take-${this.made}` });
    row.summary = element("summary", { "data-focus": `${id}-fold-${this.made}` }, element("strong", {}, title), " ", element("span", { class: "quiet" }, gist(value)));
    row.place = element("details", { class: "fold item", open: fresh }, row.summary, group.place, element("div", {}, take));
    return row;
  }

  add() {
    const row = this.row({}, true);
    this.rows.push(row);
    this.list.append(row.place);
    row.group.input.focus();
    this.place.dispatchEvent(new Event("change", { bubbles: true }));
  }

  drop(row) {
    this.rows = this.rows.filter((each) => each !== row);
    row.place.remove();
    this.place.dispatchEvent(new Event("change", { bubbles: true }));
    this.input.focus();
  }

  get touched() {
    return this.rows.length !== this.value.length || this.rows.some(({ group, fresh }) => fresh || group.touched);
  }

  read() {
    return this.touched ? this.rows.map(({ group }) => group.read() ?? {}) : this.given.value;
  }

  clear() {
    for (const row of [...this.rows]) this.drop(row);
  }

  fault([index, ...rest], words) {
    const row = this.rows[Number(index)];
    if (!row) return false;
    row.place.open = true;
    return row.group.fault(rest, words);
  }
}

const titleOf = ({ name, key }) => String(name || key || "");

// A word or two of what is inside, so that a closed fold says something.
function gist({ address, kind, host, model, url }) {
  return [kind ? choiceWords(kind) : null, address ?? model ?? url, host ? `on ${host}` : null].filter(Boolean).join(", ");
}
