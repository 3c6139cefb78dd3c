// The first screen: what is broken, what is loaded and whether it answers, who waits, and what room there is.

import { watch } from "../core/changes.js";
import { draw, element } from "../core/elements.js";
import { failures, showFailures } from "./overview_failures.js";
import { hostTiles, showAges, showHosts } from "./overview_hosts.js";
import { answering, loadedNow, showAbout, showAnswering, showLoaded, showSpeed, speedNow } from "./overview_loaded.js";
import { choices, drawnChoices, showChoices } from "./overview_models.js";
import { serviceLines, showServices } from "./overview_services.js";
import { showSwitching, switching } from "./overview_switching.js";
import { showTroubles, troubles } from "./overview_trouble.js";

const TOPICS = { status: "status", models: "models", services: "services", hardware: "hardware", deep: "deep-health", schedules: "schedules", operations: "operations", speed: "speed" };
const PLACES = ["troubles", "unknown", "loaded", "answering", "speed", "about", "switching", "services", "hosts", "choices", "failures"];
const AGEING_MS = 10000;
const PATIENCE_MS = 2000; // with topics that are slow to come

/** The pane. */
export const pane = { mount };

function mount(view) {
  const known = { received: {}, errors: {} };
  const places = build();
  const looking = element("p", { class: "quiet" }, "Looking…");
  view.append(looking);
  // All at once: what comes piece by piece pushes about what somebody has begun to read.
  const begin = () => looking.replaceWith(...places.all);
  const show = () => {
    if (Object.keys(known.errors).length === Object.keys(TOPICS).length) begin();
    showAll(places, known);
  };
  const patience = setTimeout(() => [begin(), show()], PATIENCE_MS);
  const ends = Object.entries(TOPICS).map(([name, topic]) =>
    watch(topic, (data, { received, error }) => {
      known[name] = data ?? known[name];
      if (data) known.received[name] = received;
      known.errors[name] = error;
      show();
    }),
  );
  const timer = setInterval(show, AGEING_MS); // what was fresh grows old without a word
  return () => {
    clearTimeout(patience);
    clearInterval(timer);
    for (const end of ends) end();
  };
}

function build() {
  const places = Object.fromEntries(PLACES.map((name) => [name, element("div", { class: `place of-${name}` })]));
  places.troubles.setAttribute("role", "status");
  const services = part("Services", places.services);
  const switchTo = part("Switch to another model", places.choices);
  const failed = part("What failed lately", places.failures);
  places.arrange = (empty) => {
    const after = empty ? services : failed; // without a model, what to pick from comes at once
    if (switchTo.nextSibling !== after) after.before(switchTo); // does nothing before they are shown
  };
  places.all = [
    places.troubles,
    places.unknown,
    element(
      "div",
      { class: "first" },
      part("Loaded now", element("div", { class: "card now" }, places.loaded, places.answering, places.speed, places.about)),
      part("Switching", element("div", { class: "card" }, places.switching)),
    ),
    services,
    part("Hosts", places.hosts),
    switchTo,
    failed,
  ];
  return places;
}

let parts = 0;

function part(title, place) {
  const id = `part-${(parts += 1)}`;
  return element("section", { class: "section", "aria-labelledby": id }, element("h2", { id }, title), place);
}

function showAll(places, known) {
  draw(places.troubles, troubles(known), showTroubles);
  draw(places.unknown, unknown(known), (lines) => lines.map((words) => element("p", { class: "why" }, words)));
  const loaded = loadedNow(known);
  places.arrange(loaded !== null && !loaded.loaded && !loaded.coming);
  draw(places.loaded, loaded, showLoaded);
  draw(places.about, loaded, showAbout);
  draw(places.answering, answering(known), showAnswering);
  draw(places.speed, speedNow(known), showSpeed);
  draw(places.switching, switching(known), showSwitching);
  draw(places.services, serviceLines(known), showServices);
  draw(places.hosts, hostTiles(known), showHosts);
  showAges(places.hosts, known);
  draw(places.choices, drawnChoices(choices(known)), (drawn) => showChoices(drawn, () => choices(known)));
  draw(places.failures, failures(known), showFailures);
}

// Each error once: several topics fail alike when the shared records cannot be read.
function unknown({ errors }) {
  return [...new Set(Object.values(errors).filter(Boolean))].map((words) => `Not up to date: ${words}`);
}
