// Something larger about one model, over the page, until it is closed.

import { backTo } from "../core/ask_first.js";
import { button, element } from "../core/elements.js";

/** Show it; gives the dialog, whose `close` event is the end of it. */
export function openSheet(title, ...children) {
  const heading = element("h2", { id: "sheet" }, title);
  const foot = element("div", { class: "actions" }, button("Close", () => dialog.close(), { "data-focus": "close-sheet" }));
  const dialog = element("dialog", { class: "sheet", "aria-labelledby": "sheet" }, heading, children, foot);
  const before = document.activeElement;
  document.body.append(dialog);
  dialog.showModal();
  dialog.addEventListener("close", () => {
    dialog.remove();
    backTo(before);
  });
  return dialog;
}

/** Close what is open: the pane goes away. */
export function closeSheets() {
  for (const dialog of document.querySelectorAll("dialog.sheet")) dialog.close();
}
