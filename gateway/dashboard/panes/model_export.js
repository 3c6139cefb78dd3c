// A recipe as a file that the launcher's own program takes.

import { ask, path } from "../core/api.js";
import { copyable, element } from "../core/elements.js";
import { openSheet } from "./model_sheet.js";

/** Show the file of a model's recipe; `Refused` when it cannot be written. */
export async function showExport(model) {
  const { file, text, not_honoured: lost } = await ask(path("api", "models", model.key, "export"));
  openSheet(
    `Recipe of ${model.title}`,
    element("p", {}, "This is the file ", element("code", {}, file), ": run-recipe.py of the launcher starts the model from it, and another Spark Control takes it in."),
    lost.length ? element("ul", { class: "why" }, lost.map(({ field, why }) => element("li", {}, `${field}: ${why}`))) : null,
    element("div", { class: "file-text" }, copyable(text, file)),
  );
}
