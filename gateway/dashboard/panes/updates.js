// What is new and what can be added: the launcher and its image, the bot, NVIDIA's NIM containers.

import { element } from "../core/elements.js";
import { mountBot } from "./bot.js";
import { mountNim } from "./nim.js";
import { mountPatches } from "./patches.js";
import { mountLauncher } from "./updates_launcher.js";

const SECTIONS = [
  ["launcher", "Launcher", mountLauncher],
  ["bot", "Bot", mountBot],
  ["patches", "Speech patches", mountPatches],
  ["nim", "NVIDIA NIM", mountNim],
];

export const pane = { mount };

function mount(place) {
  const ends = SECTIONS.map(([id, title, fill]) => {
    const section = element("section", { class: "section", "aria-labelledby": `${id}-title` }, element("h3", { id: `${id}-title` }, title));
    place.append(section);
    return fill(section);
  });
  return () => ends.forEach((end) => end());
}
