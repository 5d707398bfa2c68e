/**
 * `tc.fetch`: which requests the device answers, and what goes by on its way to the network.
 *
 * Requests to `/rest/v1/<table>` are offered to the engine; the session's answers from `/auth/v1/` are
 * seen going by; everything else is the network's, untouched.
 */
import type { Engine } from "../wasm/thermocline.js";
import { ask } from "./ask.js";
import { headOf, responseOf } from "./answer.js";
import { fromEngine, guarded, ThermoclineError } from "./errors.js";
import type { Realm } from "./realm.js";

const REST = "/rest/v1/";
const AUTH = "/auth/v1/";
/** A table and a query in which nothing is left for `URL` to do. */
const PLAIN = /^\w+(?:\?[\w.*%&=,()!:"~+-]*)?$/;
/** What shapes an answer; the engine is told no other header. */
const SHAPING = ["accept", "prefer", "range", "content-type", "accept-profile", "content-profile"];
/** Columns of the sync protocol, in no answer that passes here. */
const RESERVED = /"_(?:rev|at)"/;

/** A request that is ours to look at; `path` is what follows the API's prefix. */
interface Call {
  engine: Engine;
  realm: Realm;
  path: string;
  input: RequestInfo | URL;
  init: RequestInit | undefined;
  network: typeof fetch;
}

export function makeFetch(engine: Engine, realm: Realm, base: string, network: typeof fetch): typeof fetch {
  const origin = new URL(base);
  const prefix = origin.pathname.replace(/\/$/, "");
  const rows = origin.origin + prefix + REST;

  return async (input, init) => {
    // The usual request, as supabase-js makes it, without taking its address apart.
    if (typeof input === "string" && input.startsWith(rows) && PLAIN.test(input.slice(rows.length))) {
      return rest({ engine, realm, path: input.slice(rows.length), input, init, network });
    }
    const url = new URL(input instanceof Request ? input.url : input);
    const path = url.origin === origin.origin && url.pathname.startsWith(prefix) ? url.pathname.slice(prefix.length) : "";
    const call = (api: string): Call => ({ engine, realm, path: path.slice(api.length) + url.search, input, init, network });
    if (path.startsWith(REST)) return rest(call(REST));
    if (path.startsWith(AUTH)) return auth(call(AUTH));
    return network(input, init);
  };
}

async function rest({ engine, realm, path, input, init, network }: Call): Promise<Response> {
  if (path === "" || path.startsWith("rpc/")) return network(input, init);
  const { method, headers, signal } = parts(input, init);
  const authorization = headers.get("authorization");
  if (authorization && !engine.isSignedIn()) await guarded(() => engine.carried(authorization));
  const body = await bodyOf(input, init);
  if (body === undefined) return network(input, init);
  if (realm.behind) await realm.behind;
  signal?.throwIfAborted();
  const answer = await ask(engine, { method, path, headers: shaping(headers), body });
  signal?.throwIfAborted();
  return answer ? responseOf(answer) : withoutReserved(await network(input, init));
}

async function auth({ engine, path, input, init, network }: Call): Promise<Response> {
  const { method } = parts(input, init);
  if (method === "POST" && path.startsWith("token?grant_type=refresh_token")) {
    return refresh(engine, (await bodyOf(input, init)) ?? "");
  }
  const response = await network(input, init);
  if (method === "POST" && path.startsWith("logout") && !path.includes("scope=others")) {
    await guarded(() => engine.signedOut());
  } else if (response.ok && method === "POST" && /^(token|signup|verify)\b/.test(path)) {
    const answer = await response.clone().text();
    await guarded(() => engine.signedIn(answer));
  }
  return response;
}

/** Refresh tokens are single-use: one context spends one, the others get its answer. */
async function refresh(engine: Engine, body: string): Promise<Response> {
  try {
    const [status, answer] = (await engine.refresh(body)) as unknown as [number, string];
    return responseOf([status, "content-type: application/json\n", answer]);
  } catch (thrown) {
    const error = fromEngine(thrown);
    // supabase-js keeps its session on a network failure, which it knows as a TypeError.
    if (error instanceof ThermoclineError && error.code === "offline") throw new TypeError("Failed to fetch", { cause: error });
    throw error;
  }
}

function parts(input: RequestInfo | URL, init: RequestInit | undefined) {
  const request = input instanceof Request ? input : undefined;
  return {
    method: (init?.method ?? request?.method ?? "GET").toUpperCase(),
    headers: init?.headers instanceof Headers ? init.headers : new Headers(init?.headers ?? request?.headers),
    signal: init?.signal ?? request?.signal,
  };
}

function shaping(headers: Headers): string[] {
  const flat: string[] = [];
  for (const name of SHAPING) {
    const value = headers.get(name);
    if (value !== null) flat.push(name, value);
  }
  return flat;
}

/** The body as text; undefined where it is not text. */
async function bodyOf(input: RequestInfo | URL, init: RequestInit | undefined): Promise<string | undefined> {
  const body = init?.body;
  if (body === undefined || body === null) return input instanceof Request ? input.clone().text() : "";
  return typeof body === "string" ? body : undefined;
}

async function withoutReserved(response: Response): Promise<Response> {
  if (!response.headers.get("content-type")?.includes("json")) return response;
  const text = await response.clone().text();
  if (!RESERVED.test(text)) return response;
  const strip = (row: unknown) => {
    if (row === null || typeof row !== "object" || Array.isArray(row)) return row;
    const { _rev, _at, ...rest } = row as Record<string, unknown>;
    return rest;
  };
  const value = JSON.parse(text) as unknown;
  const body = JSON.stringify(Array.isArray(value) ? value.map(strip) : strip(value));
  return responseOf([response.status, headOf(response.headers), body]);
}
