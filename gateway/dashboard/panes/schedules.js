// What will happen by itself, and who holds the lock.

import { ask, path, put, remove } from "../core/api.js";
import { askFirst } from "../core/ask_first.js";
import { changeButton } from "../core/change_button.js";
import { watch } from "../core/changes.js";
import { badge, draw, element, fold } from "../core/elements.js";
import { mountLock } from "./lock.js";
import { askChange, askPlan } from "./schedule_form.js";
import { dueWords, ownZone, whatWords, whenWords, zoneWords } from "./schedule_words.js";

const MINUTE_MS = 60000;

export const pane = { mount };

function mount(place) {
  const list = element("div", { class: "rows" }, element("p", { class: "quiet" }, "Looking…"));
  const lock = element("section", { class: "section", "aria-labelledby": "lock-title" });
  const say = element("p", { class: "unseen", role: "status" });
  const known = { models: [], answer: null, error: null };
  const show = () => showList(list, known, changed);
  const changed = async (words) => {
    say.textContent = words;
    known.answer = await ask("/api/schedules").catch(() => known.answer); // the stream looks only now and then
    show();
  };
  const add = changeButton("Plan a switch…", () => plan(known, changed), { kind: "main", focus: "plan-switch" });
  const head = element("div", { class: "row" }, element("h3", { id: "schedules-title" }, "What will happen by itself"), add);
  place.append(element("section", { class: "section", "aria-labelledby": "schedules-title" }, head, say, list), lock);
  const timer = setInterval(show, MINUTE_MS); // "tomorrow" becomes "today" at midnight
  const ends = [
    watch("schedules", (answer, { error }) => {
      Object.assign(known, { answer: answer ?? known.answer, error });
      show();
    }),
    watch("models", (models) => {
      known.models = models?.models ?? known.models;
      show();
    }),
    mountLock(lock),
    () => clearInterval(timer),
  ];
  return () => ends.forEach((end) => end());
}

function showList(list, known, changed) {
  const { models, answer, error } = known;
  if (!answer && !error) return;
  const names = Object.fromEntries(models.map((model) => [model.key, model.title]));
  const titleOf = (key) => names[key] || key;
  const shown = { answer, error, names, day: new Date().toDateString() };
  draw(list, shown, () => [
    error ? element("p", { class: "fault" }, `The list may be old: ${error}`) : null,
    answer && !answer.prefect_reachable ? element("p", { class: "why" }, "Prefect, which keeps our own schedules, is out of reach: only those of other programs are shown.") : null,
    answer && !answer.schedules.length ? element("p", { class: "quiet" }, "Nothing is planned. A switch can be planned for a time of the day: say, one model for the day and another for the night.") : null,
    ...(answer?.schedules ?? []).map((schedule) => card(schedule, titleOf, known, changed)),
  ]);
}

function card(schedule, titleOf, known, changed) {
  const zone = ownZone();
  const title = whatWords(schedule, titleOf);
  const [next] = schedule.next;
  const coming = next ? `Next: ${dueWords(next)}` : schedule.active ? "Does not come again" : "Paused: it does not come until it is resumed";
  return element(
    "article",
    { class: "card schedule", "data-schedule": schedule.id },
    element("h4", {}, title, ...badges(schedule)),
    element("p", {}, `${whenWords(schedule, zone)}.`),
    element("p", { class: "quiet" }, coming, "."),
    ["outside", "run"].includes(schedule.kind) && schedule.what ? element("p", { class: "quiet" }, schedule.what) : null,
    more(schedule),
    element("div", { class: "actions" }, ...actions(schedule, title, known, titleOf, changed)),
  );
}

function badges(schedule) {
  return [
    schedule.kind === "outside" ? badge(`by ${schedule.owner}`) : null,
    schedule.kind === "once" ? badge("once") : null,
    schedule.active ? null : badge("paused", "warm"),
  ];
}

function more(schedule) {
  const knobs = Object.entries(schedule.parameters.knobs ?? {}).map(([flag, value]) => `${flag} = ${JSON.stringify(value)}`);
  const lines = [
    schedule.next.length > 1 ? element("p", {}, `The next times: ${schedule.next.map((at) => dueWords(at)).join("; ")}.`) : null,
    schedule.timezone ? element("p", {}, `Its own clocks: ${zoneWords(schedule.timezone)}.`) : null,
    schedule.cron ? element("p", {}, "Its cron line: ", element("code", {}, schedule.cron)) : null,
    schedule.kind === "run" ? element("p", {}, "It comes with Spark Control; its times are changed in Prefect.") : null,
    ...knobs.map((line) => element("p", {}, "Only for this: ", element("code", {}, line))),
  ];
  return fold(`schedule-${schedule.id}`, "More", element("div", { class: "rows quiet" }, lines));
}

function actions(schedule, title, known, titleOf, changed) {
  const button = (words, act, kind = "", runs = true) => changeButton(words, act, { kind, runs, label: `${words}: ${title}`, focus: `${words}-${schedule.id}` });
  const take = button(schedule.kind === "once" ? "Call it off…" : "Remove…", () => askRemove(schedule, title, changed), "danger", schedule.kind !== "outside");
  if (schedule.kind === "outside" || schedule.kind === "once") return [take];
  const pause = button(schedule.active ? "Pause…" : "Resume…", () => askPause(schedule, title, changed));
  if (schedule.kind === "run") return [pause];
  return [pause, button("Change…", () => change(schedule, known, titleOf, changed)), take];
}

async function plan(known, changed) {
  if (!known.models.length) known.models = await ask("/api/models").then(({ models }) => models, () => []);
  if (await askPlan(known.models)) await changed("The switch is planned.");
}

async function change(schedule, known, titleOf, changed) {
  if (await askChange(schedule, known.models, titleOf)) await changed("The schedule is changed.");
}

async function askPause(schedule, title, changed) {
  const { active } = schedule;
  const done = await askFirst({
    title: active ? "Pause this schedule?" : "Resume this schedule?",
    rows: [
      ["What", title],
      ["Then", active ? "It does not come any more until it is resumed. A run that has begun goes on." : `It comes again: ${whenWords(schedule).toLowerCase()}.`],
      schedule.kind === "run" ? ["Note", "This schedule comes with Spark Control: the next “make up” puts it back as it was."] : null,
    ],
    yes: active ? "Pause it" : "Resume it",
    act: () => put(path("api", "schedules", schedule.id), { active: !active }),
  });
  if (done) await changed(active ? "The schedule is paused." : "The schedule is resumed.");
}

async function askRemove(schedule, title, changed) {
  const once = schedule.kind === "once";
  const done = await askFirst({
    title: once ? "Call this off?" : "Remove this schedule?",
    rows: [
      ["What", title],
      ["Then", afterRemoval(schedule)],
    ],
    yes: once ? "Call it off" : "Remove it",
    danger: true,
    runs: schedule.kind !== "outside",
    act: () => remove(path("api", "schedules", schedule.id)),
  });
  if (done) await changed(once ? "It is called off." : "The schedule is removed.");
}

function afterRemoval({ kind, owner }) {
  if (kind === "once") return "It does not happen. What is loaded now stays loaded.";
  if (kind === "outside") return `It is taken off this list. What ${owner} does is its own business: it may go on, and list itself again.`;
  return "It never comes again. What is loaded now stays loaded.";
}
