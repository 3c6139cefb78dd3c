// What lies on each host's disk, the largest first: what could be deleted to make room.

import { changeButton } from "../core/change_button.js";
import { badge, bar, element, table } from "../core/elements.js";
import { bytes } from "../core/words.js";

/** The disks; `erase(model, host)` asks to delete a model there. */
export function disksView({ hosts, models }, erase) {
  if (!hosts.length) return [];
  return [element("h3", {}, "Room on the disks"), element("div", { class: "tiles" }, hosts.map((host) => hostCard(host, models, erase)))];
}

function hostCard(disk, models, erase) {
  const { host, free_bytes: free, bytes: used } = disk;
  const heading = element("h4", {}, host);
  if (free === null) return element("article", { class: "card tile" }, heading, element("p", { class: "quiet" }, "Its disk was not looked at yet."));
  const words = `${bytes(free)} free, ${bytes(used)} in models`;
  const share = used + free > 0 ? used / (used + free) : 0;
  const heads = ["Model", "Size", element("span", { class: "unseen" }, "Delete")];
  const rows = disk.models.map((copy) => [nameCell(copy, models), bytes(copy.bytes), deleteCell(copy, host, models, erase)]);
  return element(
    "article",
    { class: "card tile disk" },
    heading,
    bar(share, words),
    element("p", {}, words),
    rows.length ? table(`Models on ${host}`, heads, rows) : element("p", { class: "quiet" }, "No model lies there."),
  );
}

const entryOf = (copy, models) => models.find((model) => model.model === copy.model);

function nameCell(copy, models) {
  const title = entryOf(copy, models)?.title ?? copy.model;
  const state = copy.loaded ? badge("Loaded", "good") : copy.complete ? null : badge("Not complete", "warm");
  return [element("span", {}, title), state ? [" ", state] : null];
}

function deleteCell(copy, host, models, erase) {
  const model = entryOf(copy, models);
  if (copy.loaded || !model) return "";
  const label = `Delete ${model.title} on ${host}, ${bytes(copy.bytes)}`;
  return changeButton("Delete", () => erase(model, host), { kind: "small danger", label, focus: `erase-${host}-${copy.model}` });
}
