/** Requests in PostgREST's own words: `tc.query`, and what a live query watches. */
import type { Engine } from "../wasm/thermocline.js";
import { headersOf } from "./answer.js";
import { ask } from "./ask.js";
import { ThermoclineError } from "./errors.js";
import type { Realm } from "./realm.js";
import type { LiveQuery, Options, QueryAnswer, QueryRequest } from "./types.js";

const REST = "/rest/v1/";

/** Asks the device; what it cannot answer goes to the server as the signed-in user. */
export async function query(
  engine: Engine,
  realm: Realm,
  options: Options,
  network: typeof fetch,
  request: string | QueryRequest,
): Promise<QueryAnswer> {
  const { method = "GET", path, headers = {}, body = "" } = typeof request === "string" ? { path: request } : request;
  if (realm.behind) await realm.behind;
  const answer = await ask(engine, { method, path, headers: Object.entries(headers).flat(), body });
  if (answer) return { status: answer[0], headers: Object.fromEntries(headersOf(answer[1])), body: answer[2] };
  const response = await network(`${options.url.replace(/\/$/, "")}${REST}${path}`, {
    method,
    headers: { apikey: options.key, authorization: `Bearer ${await engine.token()}`, "content-type": "application/json", ...headers },
    ...(body === "" ? {} : { body }),
  }).catch((cause: unknown) => {
    throw new ThermoclineError("offline", `${options.url} cannot be reached`, { retryable: true, cause });
  });
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
}

/** Path and headers of a live query, given as text or as a supabase-js query that was not awaited. */
export function livePath(live: LiveQuery<never>): { path: string; headers: string[] } {
  if (typeof live === "string") return { path: live.replace(/^\/?rest\/v1\//, ""), headers: [] };
  // supabase-js declares a query's address as protected; it is there all the same.
  const { url, headers } = live as unknown as { url?: URL; headers?: HeadersInit };
  const at = url?.pathname.indexOf(REST) ?? -1;
  if (!url || at < 0) {
    throw new ThermoclineError("invalid_request", "tc.live takes a path below /rest/v1/ or a supabase-js query that was not awaited");
  }
  return { path: url.pathname.slice(at + REST.length) + url.search, headers: [...new Headers(headers)].flat() };
}
