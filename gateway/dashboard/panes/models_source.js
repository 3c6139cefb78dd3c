// Getting a model that is not on the list, by its name or address.

import { element, field } from "../core/elements.js";
import { sourceOf } from "./model_words.js";

/** The form; `get(source)` is told the repo or folder. It is built once: nothing is redrawn while somebody writes. */
export function sourcePlace(get) {
  const input = element("input", { type: "text", required: true, autocomplete: "off", spellcheck: false, placeholder: "org/name" });
  const fault = element("p", { class: "fault", role: "alert", hidden: true });
  const send = element("button", { type: "submit" }, "Get it");
  const help = "Such as org/name, or the address from your browser. A folder of the hosts such as ~/models/name can be set up as well.";
  const made = field("Its name or address on Hugging Face", input, help);
  const form = element("form", { class: "card get-model" }, made, fault, element("div", { class: "actions" }, send));
  form.onsubmit = async (event) => {
    event.preventDefault();
    fault.hidden = true;
    send.disabled = true;
    try {
      await get(checked(sourceOf(input.value)));
    } catch (error) {
      fault.textContent = error.message;
      fault.hidden = false;
    }
    send.disabled = false;
  };
  return element("section", { class: "section" }, element("h3", {}, "Get another model"), form);
}

function checked(source) {
  if (/^[~/]/.test(source) || /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(source)) return source;
  throw new Error("This is no name of a model: it looks like org/name, with one slash between the two.");
}
