// In which order models are shown, and which of them fit what somebody looks for.

const GROUPS = [
  ["loaded", "Loaded now"],
  ["loading", "Being loaded"],
  ["ready", "Ready to switch to"],
  ["part", "On their way, or not complete"],
  ["setup", "On disk, needs set-up"],
  ["away", "Not on disk"],
  ["rest", "Cannot run here"],
];

/** The groups that have models, each `{ id, title, models }`; `downloads` are the models that are being downloaded. */
export function arranged(models, downloads, search) {
  const found = models.filter((model) => fits(model, search));
  return GROUPS.map(([id, title]) => ({ id, title, models: found.filter((model) => groupOf(model, downloads) === id) })).filter((group) => group.models.length);
}

function groupOf(model, downloads) {
  if (model.loading) return "loading";
  if (model.loaded) return "loaded";
  if (downloads.includes(model.model)) return "part";
  if (model.recipe && !model.runs_on.length) return "rest";
  return { ready: "ready", incomplete: "part", "needs setup": "setup", "not on disk": "away" }[model.state] ?? "rest";
}

function fits(model, search) {
  const text = [model.title, model.key, model.model, model.description, ...model.tags].join(" ").toLowerCase();
  return search.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
