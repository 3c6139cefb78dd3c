// The models: what can be switched to, what can be got, and what lies on the disks.

import { path, post } from "../core/api.js";
import { watch } from "../core/changes.js";
import { draw, element, field } from "../core/elements.js";
import { follow } from "../core/operations.js";
import { Checks } from "./model_checks.js";
import { askDelete, askForget } from "./model_delete.js";
import { askDownload } from "./model_download.js";
import { showExport } from "./model_export.js";
import { showKnobs } from "./model_knobs.js";
import { askSetUp } from "./model_setup.js";
import { closeSheets } from "./model_sheet.js";
import { showTest } from "./model_test.js";
import { isFolder } from "./model_words.js";
import { disksView } from "./models_disks.js";
import { importPlace } from "./models_import.js";
import { Lists, shownModels } from "./models_lists.js";
import { sourcePlace } from "./models_source.js";
import { askSwap } from "./swap_question.js";

const SEARCH_FROM = 9;

const withoutAge = (host) => ({ ...host, age_seconds: null });

/** The pane of the models. */
export const pane = {
  mount(place) {
    const view = new Models(place);
    const ends = [
      watch("status", (status) => status && view.take({ status })),
      watch("models", (answer, { error }) => view.take({ models: answer?.models ?? view.now.models, fault: error })),
      watch("disks", (answer) => view.take({ disks: answer?.hosts ?? view.now.disks })),
      watch("operations", (answer) => answer && view.run(answer)),
    ];
    return () => {
      for (const end of ends) end();
      closeSheets();
    };
  },
};

class Models {
  constructor(place) {
    const checks = new Checks(() => this.take({}));
    this.now = { status: null, models: null, disks: [], operations: { active: [], ended: [] }, fault: null, search: "", checks };
    this.fault = element("p", { class: "fault", role: "alert", hidden: true });
    this.said = element("p", { class: "quiet", role: "status" });
    const search = element("input", { type: "search", autocomplete: "off", oninput: () => this.take({ search: search.value.trim() }) });
    this.search = field("Look for a model", search);
    const lists = element("div", { class: "section" }, element("p", { class: "quiet reserve" }, "Looking at the models…"));
    this.lists = new Lists(lists, this.acts());
    this.disks = element("section", { class: "section" });
    const head = element("div", {}, this.fault, this.said, this.search);
    place.append(head, lists, sourcePlace((source) => this.get(source)), this.disks, importPlace());
  }

  run(operations) {
    this.now.checks.take(operations.ended);
    this.take({ operations });
  }

  take(news) {
    Object.assign(this.now, news);
    const { status, models, fault, disks } = this.now;
    this.tell(fault);
    if (!status || !models) return;
    this.search.hidden = models.length < SEARCH_FROM;
    this.lists.show(shownModels(this.now));
    draw(this.disks, { hosts: disks.map(withoutAge), models }, (shown) => disksView(shown, (model, host) => this.erase(model, host)));
  }

  tell(fault) {
    this.fault.hidden = !fault;
    if (this.fault.textContent !== (fault ?? "")) this.fault.textContent = fault ?? "";
  }

  acts() {
    const { now } = this;
    const started = async (asked) => {
      const run = await asked;
      if (run?.id) await follow(run);
    };
    return {
      swap: (model) => started(askSwap(model, now)),
      download: (model) => started(askDownload(model, now)),
      validate: (model) => this.trying(async () => follow(await post(path("api", "swap", model.key, "validate")), { focus: false })),
      erase: (model) => this.erase(model),
      setUp: (model) => this.trying(async () => this.added(await askSetUp(model.model))),
      knobs: (model) => showKnobs(model, () => askSwap({ ...model, loaded: true }, now).then((run) => run && follow(run))),
      test: (model) => showTest(model),
      exportIt: (model) => this.trying(() => showExport(model)),
      forget: (model) => askForget(model).then((done) => done && this.say(`The recipe of ${model.title} is removed.`)),
    };
  }

  async erase(model, host = null) {
    const run = await askDelete(model, this.now, host);
    if (run) await follow(run);
  }

  added(recipe) {
    if (recipe) this.say(`${recipe.name || recipe.key} is set up: it is on the list now.`);
  }

  /** Get what somebody named: set it up where it lies on a disk, else download it. */
  async get(source) {
    const { models, disks } = this.now;
    const known = (models ?? []).find((model) => model.model === source);
    const ready = known?.loaded ? "it is loaded" : "it is ready to switch to";
    if (known?.recipe && known.state === "ready") return this.say(`${known.title} is on the list already: ${ready}.`);
    const there = disks.some((host) => host.models.some((copy) => copy.model === source && copy.complete));
    if (known?.recipe && isFolder(known)) return this.say(`${known.title} is a folder of yours: ${known.why}.`);
    if ((there || isFolder({ model: source })) && !known?.recipe) return this.added(await askSetUp(source));
    const run = await askDownload(known ?? { title: source, model: source, size_bytes: 0, runs_on: [], hosts: [] }, this.now);
    if (run) await follow(run);
  }

  async trying(act) {
    try {
      this.say("");
      return await act();
    } catch (error) {
      this.say(error.message);
      return null;
    }
  }

  say(words) {
    this.said.textContent = words;
    if (words) this.said.scrollIntoView({ block: "nearest" });
  }
}
