// The token of a lock that this tab has taken: kept until the tab is closed.

import { element, field } from "../core/elements.js";

const KEPT = "lock-token";

/** Keep the token of a lock, `{ holder, since }`. */
export const rememberToken = (token, { holder, since }) => sessionStorage.setItem(KEPT, JSON.stringify({ token, holder, since }));

export const forgetToken = () => sessionStorage.removeItem(KEPT);

/** The token of this lock, when this tab took it; else null. */
export function ownToken(lock) {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  return kept && lock && kept.since === lock.since && kept.holder === lock.holder ? kept.token : null;
}

/** What a change needs that the lock guards: `fields` to fill in while another holds it, `value()` the token or null. */
export function lockFields(lock) {
  const known = lock ? ownToken(lock) : null;
  if (!lock || known) return { fields: [], value: () => known };
  const input = element("input", { type: "password", autocomplete: "off" });
  const help = `${lock.holder} holds the lock: without its token this is refused.`;
  return { fields: [field("The lock’s token", input, help)], value: () => input.value.trim() || null };
}
