// Building the page: every text goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element with properties and children; a child may be text, an element, a list of them, or nothing. */
export function element(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

/** An element of a drawing; its properties are attributes. */
export function shape(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.flat(Infinity).filter(isSomething));
  return made;
}

function filled(made, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role" || name === "for" || name === "list") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.flat(Infinity).filter(isSomething));
  return made;
}

const isSomething = (child) => child !== null && child !== undefined && child !== "" && child !== false;

const shown = new WeakMap();

/** Draw into a place when what it shows has changed; what had the focus has it again, by its `data-focus`. */
export function draw(place, data, build) {
  const text = JSON.stringify(data);
  if (shown.get(place) === text) return;
  shown.set(place, text);
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  const open = new Set([...place.querySelectorAll("details[open][data-fold]")].map((fold) => fold.dataset.fold));
  place.replaceChildren(...[build(data)].flat(Infinity).filter(isSomething));
  for (const fold of place.querySelectorAll("details[data-fold]")) if (open.has(fold.dataset.fold)) fold.open = true;
  if (focused) place.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

/** A bar that is filled to a share between 0 and 1, read out in words; `kind`: "", "warm", "high". */
export function bar(share, words, kind = "") {
  const fill = element("span", { class: "fill" });
  fill.style.width = `${Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10}%`;
  return element("span", { class: `bar ${kind}`, role: "img", "aria-label": words }, fill);
}

/** A dot with its meaning for those who do not see colours; `state`: "up", "down", "warm", "unknown". */
export function dot(state, words) {
  return element("span", { class: `dot ${state}`, role: "img", "aria-label": words, title: words });
}

/** A word in a frame: `kind` "", "good", "warm", "bad". */
export const badge = (words, kind = "") => element("span", { class: `badge ${kind}` }, words);

/** A button that changes nothing on the cluster. */
export function button(words, onclick, properties = {}) {
  return element("button", { type: "button", onclick, ...properties }, words);
}

/** Pairs of a name and what belongs to it, as a list of facts; pairs without a value are left out. */
export function facts(pairs, kind = "facts") {
  const rows = pairs.filter((pair) => pair && isSomething(pair[1]));
  return element("dl", { class: kind }, rows.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

/** Something behind a fold that stays as it is over redraws. */
export function fold(name, summary, ...children) {
  const head = element("summary", { "data-focus": `fold-${name}` }, summary);
  return element("details", { class: "fold", "data-fold": name }, head, ...children);
}

/** A table that scrolls by itself where it is too wide; `rows` are lists of cells. */
export function table(caption, heads, rows) {
  const line = (cells, tag) => element("tr", {}, cells.map((cell) => element(tag, tag === "th" ? { scope: "col" } : {}, cell)));
  return element(
    "div",
    { class: "wide", tabIndex: 0, role: "region", "aria-label": caption },
    element("table", {}, element("caption", { class: "unseen" }, caption), element("thead", {}, line(heads, "th")), element("tbody", {}, rows.map((row) => line(row, "td")))),
  );
}

/** An input with its label and help; gives the element, whose `input` is the field itself. */
export function field(label, input, help = "") {
  const id = (field.count = (field.count ?? 0) + 1);
  input.id = `field-${id}`;
  if (help) input.setAttribute("aria-describedby", `help-${id}`);
  const made = element("div", { class: "field" }, element("label", { for: input.id }, label), input, help ? element("p", { class: "quiet", id: `help-${id}` }, help) : null);
  made.input = input;
  return made;
}

/** Text to copy, with a button; also where the page has no secure origin. */
export function copyable(text, name) {
  const code = element("code", {}, text);
  const said = element("span", { class: "quiet", role: "status" });
  const press = async () => {
    said.textContent = (await copied(text, code)) ? "Copied" : "Press Ctrl+C";
    setTimeout(() => said.replaceChildren(), 2000);
  };
  return element("span", { class: "copyable" }, code, button("Copy", press, { "aria-label": `Copy ${name}`, "data-focus": `copy-${name}`, class: "small" }), said);
}

async function copied(text, code) {
  getSelection().selectAllChildren(code);
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return document.execCommand("copy"); // over plain HTTP there is no clipboard API
  }
}
