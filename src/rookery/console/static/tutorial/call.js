/** Sends a request of the tutorial to the public address, as any program would: no cookie goes with it. */
import { allHeaders, bodyText } from './snippets.js';

/** @typedef {import('./snippets.js').Request} Request */
/** @typedef {import('./steps.js').Reply} Reply */

/** Characters of a stream that are kept to be looked at. */
const STREAM_KEPT = 60_000;

/** @param {Request} request @param {AbortSignal} [signal] */
function ask(request, signal) {
  return fetch(request.url, {
    method: request.method,
    headers: allHeaders(request),
    body: bodyText(request.body),
    credentials: 'omit',
    cache: 'no-store',
    signal,
  });
}

/**
 * One request, and all of its reply. Never rejects: without an answer the status is 0.
 * @param {Request} request
 * @returns {Promise<Reply>}
 */
export async function send(request) {
  const started = performance.now();
  try {
    const answer = await ask(request);
    const text = await answer.text();
    return { ...head(answer), text, json: parsed(text), took: Math.round(performance.now() - started) };
  } catch (error) {
    return { status: 0, headers: [], text: String(error), json: undefined, took: Math.round(performance.now() - started) };
  }
}

/**
 * A stream, told line by line until it ends or is ended.
 * @param {Request} request
 * @param {AbortSignal} signal
 * @param {(reply: Reply) => void} tell called with everything so far
 */
export async function listen(request, signal, tell) {
  const started = performance.now();
  /** @type {Reply} */
  let reply = { status: 0, headers: [], text: '', json: undefined, took: 0 };
  try {
    const answer = await ask(request, signal);
    const took = Math.round(performance.now() - started);
    reply = { ...reply, ...head(answer), took };
    if (!answer.ok || !answer.body) {
      const text = await answer.text();
      tell({ ...reply, text, json: parsed(text) });
      return;
    }
    tell(reply);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      reply = { ...reply, text: (reply.text + part.value).slice(-STREAM_KEPT) };
      tell(reply);
    }
  } catch (error) {
    if (!signal.aborted) tell({ ...reply, text: reply.text || String(error) });
  }
}

/** @param {Response} answer @returns {{status: number, headers: [string, string][]}} */
function head(answer) {
  return { status: answer.status, headers: [...answer.headers] };
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
