// The question before a change, in plain words.

import { whyOff } from "./change_button.js";
import { button, element, facts } from "./elements.js";

/**
 * Ask before a change; gives what `act` gave, or null when the answer is no.
 *
 * `title` the question; `rows` pairs such as ["Stops", "…"], ["Takes", "…"], ["If it fails", "…"]; `yes`, `no` the
 * answers; `fields` elements to fill in; `danger` for what cannot be undone; `runs` false for changes that Prefect
 * does not run; `act` does it: its error is shown, and the question stays.
 */
export function askFirst({ title, rows = [], yes, no = "Leave it as it is", fields = [], danger = false, runs = true, act }) {
  const fault = element("p", { class: "fault", role: "alert", hidden: true });
  const heading = element("h2", { id: "question" }, title);
  const refuse = button(no, () => dialog.close(), { class: "no" });
  const agree = element("button", { type: "submit", class: danger ? "main danger" : "main" }, yes);
  const form = element("form", { method: "dialog" }, heading, facts(rows, "question"), fields, fault, element("div", { class: "actions" }, refuse, agree));
  const dialog = element("dialog", { "aria-labelledby": "question" }, form);
  document.body.append(dialog);
  const before = document.activeElement;
  dialog.showModal();
  (dialog.querySelector(":is(input:not([type=checkbox], [type=radio]), textarea):not(details:not([open]) *)") ?? refuse).focus();
  return new Promise((settle) => {
    let result = null;
    dialog.onclose = () => {
      dialog.remove();
      backTo(before);
      settle(result);
    };
    form.onsubmit = async (event) => {
      event.preventDefault();
      agree.disabled = true;
      try {
        const off = runs ? whyOff() : null;
        if (off) throw new Error(`${off}. Nothing was changed.`);
        result = (await act()) ?? true;
        dialog.close();
      } catch (error) {
        fault.textContent = error.message;
        fault.hidden = false;
        agree.disabled = false;
      }
    };
  });
}

/** Focus what had it before a dialog: it may have been drawn anew meanwhile. */
export function backTo(before) {
  const name = before?.dataset?.focus;
  const there = before?.isConnected ? before : name && document.querySelector(`[data-focus="${CSS.escape(name)}"]`);
  there?.focus?.({ preventScroll: true });
}
