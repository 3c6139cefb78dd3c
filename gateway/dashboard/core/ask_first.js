// The question before a switch, in plain words.

import { post } from "./api.js";
import { element } from "./elements.js";
import { about, listed } from "./words.js";

const dialog = document.getElementById("confirm");
const [yes, no, fault] = ["confirm-yes", "confirm-no", "confirm-fault"].map((id) => document.getElementById(id));

/** Ask; gives the run that was started, or null when the answer is no. */
export function confirmSwitch(model, loaded, hosts) {
  document.getElementById("confirm-title").textContent = `Switch to ${model.title}?`;
  document.getElementById("confirm-facts").replaceChildren(...facts(model, loaded, hosts));
  no.textContent = loaded ? `Keep ${loaded.title}` : "Leave it as it is";
  fault.hidden = true;
  yes.disabled = false;
  dialog.showModal();
  no.focus();
  return new Promise((settle) => {
    no.onclick = () => dialog.close();
    dialog.onclose = () => settle(null);
    yes.onclick = async () => {
      yes.disabled = true;
      try {
        const run = await post("/api/swap", { model: model.key });
        dialog.onclose = null;
        dialog.close();
        settle(run);
      } catch (error) {
        fault.textContent = error.message;
        fault.hidden = false;
        yes.disabled = false;
      }
    };
  });
}

function facts(model, loaded, hosts) {
  const names = hosts.map((host) => host.name).slice(0, model.needs_hosts);
  const where = model.needs_hosts > 1 ? listed(names) : (loaded?.host ?? names[0] ?? "the first host");
  const rows = [
    ["Stops", loaded ? `${loaded.title}. Answers that are being written are cut off.` : "Nothing: no model is loaded."],
    ["Starts", `${model.title} on ${where}.`],
    ["Takes", model.expected_seconds ? `About ${about(model.expected_seconds)}.` : "A few minutes."],
    ["Meanwhile", "Chat is not available. Speech, search and embeddings go on."],
    loaded ? ["If it fails", `${loaded.title} is put back.`] : null,
  ];
  return rows.filter(Boolean).flatMap(([name, words]) => [element("dt", {}, name), element("dd", {}, words)]);
}
