/**
 * `tc.fetch`: which requests the device answers, and what goes by on its way to the network.
 *
 * Requests to `/rest/v1/<table>` are offered to the engine; the session's answers from `/auth/v1/` are
 * seen going by; everything else is the network's, untouched.
 */
import type { Engine } from "../wasm/thermocline.js";
import { ask, type Wakes } from "./ask.js";
import { headOf, responseOf, type EngineAnswer } from "./answer.js";
import { fromEngine, guarded, ThermoclineError } from "./errors.js";
import { logout } from "./session.js";

const REST = "/rest/v1/";
const AUTH = "/auth/v1/";
/** Answers of the auth server that hold a session. */
const SIGN_IN = /^(token|signup|verify)\b/;
/** A table and a query in which nothing is left for `URL` to do. */
const PLAIN = /^\w+(?:\?[\w.*%&=,()!:"~+-]*)?$/;
/** What shapes an answer; the engine is told no other header. */
const SHAPING = ["accept", "prefer", "range", "content-type", "accept-profile", "content-profile"];
/** Columns of the sync protocol, in no answer that passes here. */
const RESERVED = /"_(?:rev|at)"/;

/** What differs between a page and a worker that answers one. */
export interface Place {
  network: typeof fetch;
  respond(answer: EngineAnswer): Response;
  /** Sees to it that the database is open that a request with this authorization is about. */
  admit(authorization: string): Promise<void> | undefined;
  /** Runs what may open another user's database. */
  alone(change: () => Promise<void>): Promise<void>;
  /** Of a request that the browser may hand over again; see `Asked`. */
  seed?: string | undefined;
}

/** In a page: one client, and the engine hears of every session. */
export function inPage(engine: Engine, network: typeof fetch): Place {
  const admit = (authorization: string) => (engine.isSignedIn() ? undefined : guarded(() => engine.carried(authorization)));
  return { network, respond: responseOf, admit, alone: (change) => change() };
}

/** A request that is ours to look at; `path` is what follows the API's prefix. */
interface Call {
  engine: Engine;
  realm: Wakes;
  path: string;
  input: RequestInfo | URL;
  init: RequestInit | undefined;
  place: Place;
}

/** The API of a project that an address belongs to, and what follows the API's prefix. */
export type Route = (url: URL) => { api: "rest" | "auth"; path: string } | undefined;

export function routeOf(base: string): Route {
  const { origin, pathname } = new URL(base);
  const prefix = pathname.replace(/\/$/, "");
  return (url) => {
    if (url.origin !== origin || !url.pathname.startsWith(prefix)) return undefined;
    const path = url.pathname.slice(prefix.length);
    if (path.startsWith(REST)) return { api: "rest", path: path.slice(REST.length) + url.search };
    if (path.startsWith(AUTH)) return { api: "auth", path: path.slice(AUTH.length) + url.search };
    return undefined;
  };
}

/** Whether more happens to such a request than that it is passed on. */
export function isLookedAt(api: "rest" | "auth", method: string, path: string): boolean {
  if (api === "rest") return path !== "" && !path.startsWith("rpc/");
  return method === "POST" && (SIGN_IN.test(path) || path.startsWith("logout"));
}

export function makeFetch(engine: Engine, realm: Wakes, base: string, place: Place): typeof fetch {
  const route = routeOf(base);
  const { origin, pathname } = new URL(base);
  const rows = origin + pathname.replace(/\/$/, "") + REST;
  const heard: Place = { ...place, network: heardBy(engine, place.network) };

  return async (input, init) => {
    // The usual request, as supabase-js makes it, without taking its address apart.
    if (typeof input === "string" && input.startsWith(rows) && PLAIN.test(input.slice(rows.length))) {
      return rest({ engine, realm, path: input.slice(rows.length), input, init, place: heard });
    }
    const found = route(new URL(input instanceof Request ? input.url : input));
    if (!found) return place.network(input, init);
    const call: Call = { engine, realm, path: found.path, input, init, place: heard };
    return found.api === "rest" ? rest(call) : auth(call);
  };
}

/** Whatever the server answers shows that it is there. */
function heardBy(engine: Engine, network: typeof fetch): typeof fetch {
  return async (input, init) => {
    const response = await network(input, init);
    if (response.status < 500) engine.reached();
    return response;
  };
}

async function rest({ engine, realm, path, input, init, place }: Call): Promise<Response> {
  const { network, respond } = place;
  if (!isLookedAt("rest", "", path)) return network(input, init);
  const { method, headers, signal } = parts(input, init);
  const body = await bodyOf(input, init);
  if (body === undefined) return network(input, init);
  if (realm.behind) await realm.behind;
  const admitted = place.admit(headers.get("authorization") ?? "");
  if (admitted) await admitted;
  signal?.throwIfAborted();
  const answer = await ask(engine, { method, path, headers: shaping(headers), body, seed: place.seed });
  signal?.throwIfAborted();
  return answer ? respond(answer) : withoutReserved(await network(input, init), respond);
}

async function auth({ engine, path, input, init, place }: Call): Promise<Response> {
  const { network, respond, alone } = place;
  const { method } = parts(input, init);
  if (!isLookedAt("auth", method, path)) return network(input, init);
  if (path.startsWith("token?grant_type=refresh_token")) return refresh(engine, (await bodyOf(input, init)) ?? "", respond);
  if (path.startsWith("logout")) {
    return path.includes("scope=others") ? network(input, init) : logout(engine, path.includes("scope=local"), () => network(input, init), place);
  }
  const response = await network(input, init);
  if (response.ok) {
    const answer = await response.clone().text();
    await alone(() => guarded(() => engine.signedIn(answer)));
  }
  return response;
}

/** Refresh tokens are single-use: one context spends one, the others get its answer. */
async function refresh(engine: Engine, body: string, respond: Place["respond"]): Promise<Response> {
  try {
    const [status, answer] = (await engine.refresh(body)) as unknown as [number, string];
    return respond([status, "content-type: application/json\n", answer]);
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

async function withoutReserved(response: Response, respond: Place["respond"]): Promise<Response> {
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
  return respond([response.status, headOf(response.headers), body]);
}
