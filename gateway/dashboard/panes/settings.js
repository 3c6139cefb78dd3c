// Every setting as a form: what it is, what holds now, and what it would be by default.

import { watch } from "../core/changes.js";
import { element } from "../core/elements.js";
import { SettingBlock } from "./setting_block.js";

const blocks = new Map(); // name → its form: what was typed survives a look at another pane

export const pane = { mount };

function mount(place) {
  const state = element("p", { class: "quiet", role: "status" }, blocks.size ? "" : "Looking…");
  const list = element("div", { class: "section" }, [...blocks.values()].map((block) => block.place));
  place.append(element("p", { class: "quiet" }, "A change needs no restart. A blank field means its default, which stands in it in grey."), state, list);
  let [, , wanted] = location.hash.split("/"); // as in #/settings/ngc-key
  return watch("settings", (answer, { error }) => {
    state.className = error ? "why" : "quiet";
    state.textContent = error ? away(error) : "";
    for (const block of blocks.values()) block.lock(Boolean(error));
    for (const view of answer?.blocks ?? []) {
      if (blocks.has(view.block)) blocks.get(view.block).take(view);
      else blocks.set(view.block, new SettingBlock(view));
      if (!list.contains(blocks.get(view.block).place)) list.append(blocks.get(view.block).place);
    }
    if (blocks.has(wanted)) wanted = blocks.get(wanted).show();
  });
}

function away(error) {
  return blocks.size ? `${error}. This is what they were when they were last seen: they can be looked at, but not changed.` : `${error}. The settings are shown as soon as it answers; what holds now goes on to hold.`;
}
