// Asking the gateway: an answer, or an error in the words of the gateway.

/** The JSON of an answer; throws an Error with the gateway's own message. */
export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, signal: AbortSignal.timeout(15000) });
  } catch {
    throw new Error("The gateway does not answer. Is it running?");
  }
  const data = await answer.json().catch(() => null);
  if (!answer.ok) throw new Error(data?.error?.message ?? `The gateway answered with status ${answer.status}.`);
  return data;
}

/** Send JSON. */
export function post(path, body = {}) {
  return ask(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}
