// The launcher's news: how far it is behind, which commits would come, and whether all hosts have one image.

import { momentOf, ago } from "../core/ago.js";
import { post } from "../core/api.js";
import { askFirst } from "../core/ask_first.js";
import { changeButton } from "../core/change_button.js";
import { watch } from "../core/changes.js";
import { badge, draw, element, fold, table } from "../core/elements.js";
import { follow } from "../core/operations.js";
import { count, listed } from "../core/words.js";
import { lockFields } from "./lock_token.js";
import { commitList } from "./updates_commits.js";
import { Explanation } from "./updates_explain.js";
import { wayField } from "./updates_way.js";

/** Fill the section; gives the function that ends it. */
export function mountLauncher(place) {
  const card = element("div", { class: "card stacked" }, element("p", { class: "quiet" }, "Looking…"));
  const explanation = new Explanation();
  const images = element("div", {});
  place.append(element("p", { class: "quiet" }, "The launcher starts the models: a checkout of spark-vllm-docker on one host, and the image of the engine on every host."), card, explanation.place, images);
  const known = { news: null, error: null, running: false, lock: null, received: 0 };
  const show = () => showAll(card, images, explanation, known);
  const ends = [
    watch("updates", (news, { error, received }) => {
      Object.assign(known, { news: news ?? known.news, error, received });
      show();
    }),
    watch("operations", (operations) => {
      known.running = (operations?.active ?? []).some(({ kind }) => kind === "update");
      show();
    }),
    watch("lock", (answer) => {
      known.lock = answer?.lock ?? null;
    }),
    () => explanation.stop(),
  ];
  return () => ends.forEach((end) => end());
}

function showAll(card, images, explanation, known) {
  const { news, error, running, received } = known;
  if (!news) {
    if (error) draw(card, { error }, () => element("p", { class: "fault" }, error));
    return;
  }
  const { images: _, ...rest } = news;
  draw(card, { rest, error, running }, () => launcher(news, known, explanation));
  const seen = news.images.map(({ age_seconds: age, ...image }) => ({ ...image, at: momentOf(age, { received }) }));
  draw(images, { seen, same: news.same_image }, () => imageTable(seen, news.same_image));
}

function launcher(news, known, explanation) {
  const busy = known.running ? "It is being updated just now" : null;
  const stuck = news.why.length ? `It cannot be updated: ${news.why.join("; ")}` : null;
  const nothing = news.behind === 0 ? "It is up to date" : null;
  const why = busy ?? stuck ?? nothing;
  return [
    element("h4", {}, newsWords(news), " ", newsBadge(news)),
    known.error ? element("p", { class: "fault" }, `This may be old: ${known.error}`) : null,
    ...news.why.map((line) => element("p", { class: "why" }, `It cannot be updated: ${line}.`)),
    news.ahead ? element("p", { class: "why" }, `${count(news.ahead, "commit")} of its own, that upstream does not have.`) : null,
    news.dirty.length ? fold("dirty", `${count(news.dirty.length, "file")} changed by hand`, element("ul", { class: "rows" }, news.dirty.map((file) => element("li", {}, element("code", {}, file))))) : null,
    commitList("launcher", news.commits),
    news.head ? element("p", { class: "quiet" }, "It is at ", element("code", {}, news.head.slice(0, 10)), news.branch ? [" of ", element("code", {}, news.branch)] : null, ".") : null,
    element(
      "div",
      { class: "actions" },
      changeButton("Put the previous image back…", () => askBack(known), { why: busy, focus: "update-back" }),
      explanation.button(news.commits.length ? null : "There are no new commits to explain"),
      changeButton("Update…", () => askUpdate(news, known), { why, kind: "main", focus: "update", label: "Update the launcher…" }),
    ),
  ];
}

function newsWords({ behind }) {
  if (behind === null) return "It is not known yet whether there is something new";
  return behind ? `${count(behind, "new commit")} upstream` : "The launcher is up to date";
}

function newsBadge({ behind, why }) {
  if (why.length) return badge("cannot be updated", "warm");
  return behind ? badge("update available", "warm") : behind === 0 ? badge("up to date", "good") : null;
}

function imageTable(seen, same) {
  if (!seen.length) return [element("p", { class: "quiet" }, "No host’s image has been looked at yet.")];
  const missing = seen.filter((image) => image.error || !image.image_id);
  const verdict = same ? badge("the same on every host", "good") : missing.length ? badge(`not known or missing on ${listed(missing.map(({ host }) => host))}`, "warm") : badge("not the same on every host", "warm");
  const rows = seen.map((image) => [
    image.host,
    image.error || (image.image_id ? image.image : "no such image"),
    image.created ? new Date(image.created).toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" }) : "",
    element("code", {}, image.image_id.replace("sha256:", "").slice(0, 12)),
    ago(image.at),
  ]);
  return [
    element("div", { class: "section-title" }, element("h4", {}, "The engine’s image"), verdict),
    same || missing.length ? null : element("p", { class: "why" }, "A model across both hosts needs the same image on both: an update makes them the same."),
    table("The engine’s image by host", ["Host", "Image", "Made on", "Its id", "Looked at"], rows),
  ];
}

async function askUpdate(news, known) {
  const others = news.images.slice(1).map(({ host }) => host);
  await askRun("Update the launcher?", "Update", known, { back: false }, [
    ["What comes", `${count(news.behind ?? 0, "commit")}. The engine’s image is made anew${others.length ? ` and copied to ${listed(others)}` : ""}.`],
    ["Meanwhile", "The loaded model goes on answering. Models cannot be switched until the update has ended."],
    ["Takes", "A good while: the image is several gigabytes. The work goes on at the host, even if this page is closed."],
    ["If it fails", "The image from before gets its name back at once. It is put back as well when the first start on the new one fails."],
  ]);
}

async function askBack(known) {
  await askRun("Put the previous image back?", "Put it back", known, { back: true }, [
    ["What comes", "The image from before the last update, on every host. The checkout stays at its new commit."],
    ["Meanwhile", "The loaded model goes on answering on the image it was started with; the next switch uses the old one."],
    ["If it fails", "The run says on which host; what is done so far stays."],
  ]);
}

async function askRun(title, yes, { lock }, body, rows) {
  const way = wayField();
  const token = lockFields(lock);
  const run = await askFirst({
    title,
    rows,
    yes,
    fields: [way, ...token.fields],
    act: () => post("/api/updates/apply", { ...body, ...way.values(), lock_token: token.value() }),
  });
  if (run) await follow(run);
}
