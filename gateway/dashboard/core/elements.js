// Building the page: every text goes in as text, never as markup.

/** An element with properties and children; a child may be text, an element, or nothing. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name.startsWith("aria-") || name.startsWith("data-") || name === "role") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

const shown = new WeakMap();

/** Draw into a place when what it shows has changed; the focused button stays focused. */
export function draw(place, data, build) {
  const text = JSON.stringify(data);
  if (shown.get(place) === text) return;
  shown.set(place, text);
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  place.replaceChildren(...[build(data)].flat().filter(Boolean));
  if (focused) place.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
}

/** A bar that is filled to a share between 0 and 1, read out in words. */
export function bar(share, words, kind = "") {
  const fill = element("span", { class: "fill" });
  fill.style.width = `${Math.round(Math.min(1, Math.max(0, share)) * 100)}%`;
  return element("span", { class: `bar ${kind}`, role: "img", "aria-label": words }, fill);
}

/** A dot with its meaning for those who do not see colours. */
export function dot(state, words) {
  return element("span", { class: `dot ${state}`, role: "img", "aria-label": words, title: words });
}
