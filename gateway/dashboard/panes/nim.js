// NVIDIA's NIM containers: which are known to run on a Spark, where they are, and having one installed.

import { post } from "../core/api.js";
import { askFirst } from "../core/ask_first.js";
import { changeButton } from "../core/change_button.js";
import { latest, watch } from "../core/changes.js";
import { badge, draw, element, facts, field } from "../core/elements.js";
import { follow } from "../core/operations.js";
import { about, gigabytes, kindOf, listed } from "../core/words.js";
import { lockFields } from "./lock_token.js";
import { wayField } from "./updates_way.js";

const KINDS = ["http", "tts", "stt", "embeddings", "vllm"];
const NO_KEY = "There is no key for NVIDIA’s registry yet";

/** Fill the section; gives the function that ends it. */
export function mountNim(section) {
  const list = element("div", { class: "section" }, element("p", { class: "quiet" }, "Looking…"));
  section.append(element("p", { class: "quiet" }, "A NIM is a container of NVIDIA’s with a model in it. It runs beside the model that is switched, as one more service."), list);
  const ends = [
    watch("nim", (nim, { error }) => {
      if (nim) draw(list, nim, () => catalog(nim));
      else if (error) draw(list, { error }, () => element("p", { class: "fault" }, error));
    }),
    watch("lock", () => {}), // a question asks what is so at its moment
    watch("status", () => {}),
  ];
  return () => ends.forEach((end) => end());
}

function catalog(nim) {
  return [
    nim.key_set ? element("p", {}, badge("key set", "good"), " There is a key to fetch them with.") : howToKey(),
    element("div", { class: "tiles" }, nim.catalog.map((one) => tile(one, nim.key_set))),
    element("div", { class: "actions" }, changeButton("Install another image…", () => askOther(nim), { why: nim.key_set ? null : NO_KEY, focus: "nim-other" })),
  ];
}

function howToKey() {
  return element(
    "div",
    { class: "card stacked" },
    element("h4", {}, NO_KEY),
    element("p", {}, "Make an API key at NVIDIA NGC (its scope must hold “NGC Catalog”), then write it under ", element("a", { href: "#/settings/ngc-key" }, "Settings"), ", in “NGC key”. It is kept encrypted and never shown again."),
  );
}

function tile(nim, keySet) {
  const there = nim.installed.map(({ host, state }) => `${host} (${state === "running" ? "running" : state || "state not known"})`);
  return element(
    "article",
    { class: "card tile" },
    element("h4", {}, nim.title, " ", there.length ? badge("installed", "good") : null),
    element("p", {}, nim.note),
    facts([
      ["What it is", kindOf(nim.kind)],
      ["Memory", `${nim.memory_gib} GiB`],
      ["Disk", `${nim.disk_gib} GiB`],
      ["First start", `up to ${about(nim.start_seconds)}`],
      ["Is on", listed(there)],
    ]),
    element("div", { class: "actions" }, changeButton("Install…", () => askInstall(nim), { why: keySet ? null : NO_KEY, label: `Install ${nim.title}…`, focus: `nim-${nim.key}` })),
  );
}

function hostField() {
  const hosts = latest("status")?.hosts ?? [];
  const input = element("select", {}, hosts.map((host) => element("option", { value: host.name }, `${host.name}${room(host)}`)));
  if (hosts.length) input.value = hosts.at(-1).name;
  return field("On which host", input);
}

function room({ memory_available: memory, disk_free_bytes: disk }) {
  const said = [memory ? `${gigabytes(memory)} of memory` : null, disk ? `${gigabytes(disk)} of disk` : null].filter(Boolean);
  return said.length ? `: ${said.join(" and ")} free` : "";
}

function rows(what, disk) {
  return [
    ["What comes", what],
    ["Needs", disk],
    ["Meanwhile", "Everything goes on answering. From the start of the container until it is ready, models cannot be switched."],
    ["If it fails", "The container is taken away again; what was downloaded stays, so that the next try is quick."],
  ];
}

async function askInstall(nim) {
  const host = hostField();
  const name = element("input", { type: "text", placeholder: nim.key, autocomplete: "off", maxLength: 63 });
  const port = portInput(nim.port);
  const own = element("details", { class: "fold" }, element("summary", {}, "Name and port"), element("div", { class: "fields" }, field("Name", name), field("Port", port)));
  const body = () => ({ nim: nim.key, host: host.input.value, name: name.value.trim(), port: Number(port.value) || 0 });
  await askRun(`Install ${nim.title}?`, rows(`The image, one container of it, and an entry among the services. The first start downloads the model and takes up to ${about(nim.start_seconds)}.`, `${nim.memory_gib} GiB of memory and ${nim.disk_gib} GiB of disk on that host`), [host, own], body);
}

async function askOther(nim) {
  const image = element("input", { type: "text", required: true, maxLength: 255, placeholder: "nvcr.io/nim/…:latest", autocomplete: "off", spellcheck: false });
  const kind = element("select", {}, KINDS.map((word) => element("option", { value: word }, kindOf(word))));
  const memory = element("input", { type: "number", min: 1, max: 1000, required: true, step: "any" });
  const name = element("input", { type: "text", maxLength: 63, autocomplete: "off" });
  const port = portInput("");
  const host = hostField();
  const from = ["nvcr.io", ...nim.registries].join(", ");
  const fields = [field("Image", image, `From ${from}.`), host, field("What it is", kind), field("Memory it needs (GiB)", memory), field("Name", name, "Blank: after the image."), field("Port", port, "Blank: the usual one for what it is.")];
  const body = () => ({ nim: image.value.trim(), host: host.input.value, name: name.value.trim(), port: Number(port.value) || 0, kind: kind.value, memory_gib: Number(memory.value) });
  await askRun("Install another image?", rows("The image, one container of it, and an entry among the services.", "What the image asks for; memory and disk are looked at first"), fields, body);
}

const portInput = (usual) => element("input", { type: "number", min: 1, max: 65535, placeholder: String(usual) });

async function askRun(title, lines, fields, body) {
  const way = wayField();
  const token = lockFields(latest("lock")?.lock ?? null);
  const run = await askFirst({
    title,
    rows: lines,
    fields: [...fields, way, ...token.fields],
    yes: "Install",
    act: () => post("/api/nim/install", { ...body(), ...way.values(), lock_token: token.value() }),
  });
  if (run) await follow(run);
}
