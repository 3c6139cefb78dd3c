// Asking the gateway: an answer, or an error in the gateway's own words.

const PATIENCE_MS = 20000;

/** An error with the words, the status and the code of the gateway's envelope. */
export class Refused extends Error {
  constructor(message, status, answer) {
    super(message);
    this.status = status;
    this.code = answer?.error?.code ?? null;
    this.answer = answer;
  }
}

/** The JSON of an answer; throws `Refused` with the gateway's own message. */
export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS), ...options });
  } catch (error) {
    const late = error.name === "TimeoutError";
    throw new Refused(late ? "The gateway did not answer in time." : "The gateway does not answer. Is it running?", 0);
  }
  const data = await answer.json().catch(() => null);
  if (answer.ok) return data;
  throw new Refused(data?.error?.message ?? `The gateway answered with status ${answer.status}.`, answer.status, data);
}

function send(method, path, body, headers = {}) {
  return ask(path, {
    method,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

/** Send JSON by POST. */
export const post = (path, body = {}) => send("POST", path, body);

/** Send JSON by PUT. */
export const put = (path, body = {}, headers = {}) => send("PUT", path, body, headers);

/** Ask for something to be removed. */
export const remove = (path, headers = {}) => ask(path, { method: "DELETE", headers });

/** A path of its parts, each encoded: `path("api", "hosts", name, "wake")`. */
export const path = (...parts) => `/${parts.map((part) => encodeURIComponent(part)).join("/")}`;
