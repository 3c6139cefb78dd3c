// The questions in which a switch is planned, and a planned one is changed.

import { path, post, put } from "../core/api.js";
import { askFirst } from "../core/ask_first.js";
import { element, field } from "../core/elements.js";
import { KnobFields } from "./schedule_knobs.js";
import { DAYS, daysWords, lengthWords, ownZone, zoneWords } from "./schedule_words.js";

const LENGTHS = [30, 60, 120, 240, 480, 540, 720, 1440, 2880];

/** Plan switches; the schedule that was made, or null. */
export async function askPlan(models) {
  const form = new Form(models, { model: models[0]?.key ?? "", at: "09:00", days: ["mon", "tue", "wed", "thu", "fri"], timezone: ownZone(), length_minutes: 0, afterwards: "", knobs: {} });
  return askFirst({
    title: "Plan a switch",
    rows: commonRows,
    fields: form.fields,
    yes: "Plan it",
    no: "Plan nothing",
    act: () => post("/api/schedules", { kind: "swap", ...form.values() }),
  });
}

/** Change a schedule of switches; only what is different is sent. */
export async function askChange(schedule, models, titleOf) {
  const { model = "", length_minutes = 0, afterwards = "", knobs = {} } = schedule.parameters;
  const before = { model, at: schedule.at, days: schedule.days, timezone: schedule.timezone, length_minutes, afterwards, knobs };
  const known = models.some(({ key }) => key === model) ? models : [{ key: model, title: titleOf(model) }, ...models];
  const form = new Form(known, before);
  const old = schedule.at ? null : ["Until now", schedule.when];
  return askFirst({
    title: "Change this schedule",
    rows: [old, ...commonRows],
    fields: form.fields,
    yes: "Change it",
    act: () => {
      const changed = differing(before, form.values());
      if (!Object.keys(changed).length) throw new Error("Nothing was changed yet.");
      return put(path("api", "schedules", schedule.id), changed);
    },
  });
}

const commonRows = [
  ["When it comes", "The model that is loaded then is stopped; answers being written get a moment to end."],
  ["If it fails", "The model from before is started again. While somebody holds the lock, nothing is switched."],
];

// Which days were meant is the same in any order, and no days are all of them.
const sameValue = (one, other) => JSON.stringify(one) === JSON.stringify(other);

function differing(before, after) {
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => !sameValue(value, before[name])));
}

class Form {
  constructor(models, { model, at, days, timezone, length_minutes: minutes, afterwards, knobs }) {
    this.titles = Object.fromEntries(models.map(({ key, title }) => [key, title]));
    const options = models.map(({ key, title, why }) => [key, why ? `${title} (not ready now)` : title]);
    this.model = choice(options, model, { required: true });
    this.at = element("input", { type: "time", value: at, required: true });
    this.days = DAYS.map(([day, name]) => ({ day, box: element("input", { type: "checkbox", checked: days.includes(day) || !days.length, "aria-label": name }), name }));
    this.zone = element("input", { type: "text", value: timezone, required: true, list: "zones", autocomplete: "off", spellcheck: false });
    const lengths = [[0, "For good, until something else is loaded"], ...[...new Set([...LENGTHS, minutes])].filter(Boolean).sort((a, b) => a - b).map((length) => [length, `For ${lengthWords(length)}`])];
    this.length = choice(lengths, minutes);
    this.after = choice([["", "What was loaded before"], ...options], afterwards);
    this.afterField = field("And then", this.after);
    this.knobs = new KnobFields(knobs);
    this.words = element("p", { class: "spoken", role: "status" });
    this.fields = this.build();
    this.model.addEventListener("change", () => this.knobs.about(this.model.value));
    this.knobs.about(model);
    this.say();
  }

  build() {
    const days = element("fieldset", { class: "days" }, element("legend", {}, "On"), this.days.map(({ box, name }) => element("label", { class: "day" }, box, element("span", { "aria-hidden": "true" }, name.slice(0, 3)))));
    const zones = element("datalist", { id: "zones" }, zoneNames().map((zone) => element("option", { value: zone })));
    const parts = [
      field("Model", this.model),
      half(field("At", this.at)),
      half(field("By the clocks of", this.zone)),
      days,
      field("How long", this.length),
      this.afterField,
      this.knobs.place,
      this.words,
      zones,
    ];
    const made = element("div", { class: "plan-form", oninput: () => this.say(), onchange: () => this.say() }, parts);
    return [made];
  }

  values() {
    const chosen = this.days.filter(({ box }) => box.checked).map(({ day }) => day);
    if (!chosen.length) throw new Error("Choose at least one day.");
    const minutes = Number(this.length.value);
    return {
      model: this.model.value,
      at: this.at.value.slice(0, 5),
      days: chosen,
      timezone: this.zone.value.trim(),
      length_minutes: minutes,
      afterwards: minutes ? this.after.value : "",
      knobs: this.knobs.values(),
    };
  }

  say() {
    const minutes = Number(this.length.value);
    this.afterField.hidden = !minutes;
    const days = this.days.filter(({ box }) => box.checked).map(({ day }) => day);
    const zone = this.zone.value.trim();
    const place = zone && zone !== ownZone() ? ` by the clocks of ${zoneWords(zone)}` : "";
    const then = this.after.value ? this.titles[this.after.value] : "what was loaded before";
    const stay = minutes ? ` for ${lengthWords(minutes)}, then ${then}` : "";
    const ready = days.length && this.at.value && this.model.value;
    this.words.textContent = ready ? `${daysWords(days)} at ${this.at.value}${place}: ${this.titles[this.model.value]}${stay}.` : "Choose model, days and time.";
  }
}

function half(made) {
  made.classList.add("half");
  return made;
}

function choice(options, chosen, more = {}) {
  const made = element("select", more, options.map(([value, words]) => element("option", { value: String(value) }, words)));
  made.value = String(chosen);
  return made;
}

const zoneNames = () => [...new Set([ownZone(), "UTC", ...(Intl.supportedValuesOf?.("timeZone") ?? [])])];
