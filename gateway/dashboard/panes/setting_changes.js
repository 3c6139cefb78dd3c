// What is different between two values of a setting, place by place, for a person to read.

import { fieldWords, valueWords } from "./setting_words.js";

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const isGroup = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const nameOf = (item) => (isGroup(item) ? item.name ?? item.key : undefined);

/** The differences as pairs `[where, words]`, such as ["Address of spark-2", "192.0.2.2 → 192.0.2.3"]. */
export function differences(name, before, after, of = "") {
  if (same(before, after)) return [];
  const where = of ? `${fieldWords(name)} of ${of}` : fieldWords(name);
  if (isNamedList(before) && isNamedList(after) && (before.length || after.length)) return ofItems(where, before, after);
  if (isGroup(after) && isGroup(before ?? {})) return ofGroup(before ?? {}, after, of || fieldWords(name));
  return [[where, `${valueWords(before)} → ${valueWords(after)}`]];
}

const isNamedList = (value) => Array.isArray(value) && value.every((item) => nameOf(item));

function ofItems(where, before, after) {
  const old = new Map(before.map((item) => [nameOf(item), item]));
  const now = new Map(after.map((item) => [nameOf(item), item]));
  const added = [...now.keys()].filter((name) => !old.has(name)).map((name) => [where, `${name} is added`]);
  const gone = [...old.keys()].filter((name) => !now.has(name)).map((name) => [where, `${name} is taken away`]);
  const changed = [...now].filter(([name]) => old.has(name)).flatMap(([name, item]) => ofGroup(old.get(name), item, name));
  const all = [...added, ...gone, ...changed];
  return all.length ? all : [[where, "in another order"]];
}

function ofGroup(before, after, of) {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => differences(name, before[name], after[name], of));
}

/** What is different, as pairs for a person; of secrets only that they change. */
export function changeRows(view, values) {
  return Object.entries(values).flatMap(([name, after]) => {
    const field = view.fields.find((each) => each.name === name);
    if (field?.secret) return [[fieldWords(name), secretWords(field.value, after)]];
    const rows = differences(name, field?.value ?? (field?.type === "array" ? field.used : null), after);
    if (rows.length === 1 && !isGroup(after) && !Array.isArray(after)) return [[fieldWords(name), stepWords(field, after)]];
    return rows.length ? rows : [[fieldWords(name), "written down as it was"]];
  });
}

function stepWords({ value, default: usual }, after) {
  const said = (one) => (one === null ? `${valueWords(usual)} (the default)` : valueWords(one));
  return `${said(value)} → ${said(after)}`;
}

function secretWords(before, after) {
  if (after === null) return "is taken away";
  if (typeof after === "string") return before ? "is replaced" : "is set";
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after)])];
  const said = names.map((name) => [name, !(name in after) ? "is taken away" : !(name in (before ?? {})) ? "is added" : after[name] === before[name] ? "" : "is replaced"]);
  return said.filter(([, words]) => words).map(([name, words]) => `${name} ${words}`).join(", ");
}
