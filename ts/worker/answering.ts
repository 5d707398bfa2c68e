/**
 * The worker in place of `tc.fetch`: it answers the requests of its pages to one project, so that an app needs no other line.
 *
 * Only what it may answer is taken from the browser; functions, storage, realtime and other hosts are left alone. A page
 * that has an engine of its own goes to the network itself.
 */
import { plainResponseOf } from "../answer.js";
import { ThermoclineError } from "../errors.js";
import { isLookedAt, makeFetch, routeOf, type Place } from "../fetch.js";
import { engineOptions, type EngineOptions } from "../options.js";
import { askForPeriods, askForSync } from "../tag.js";
import type { ErrorCode, Status } from "../types.js";
import { Door } from "./door.js";
import type { Engines, OpenEngine } from "./engines.js";
import type { AnswerOptions } from "./options.js";
import { finishing, TakenInserts, type Taken } from "./taken.js";

/** How long an event that wrote keeps the worker for its round; what is left is for Background Sync or the next event. */
const KEEP_MS = 20_000;
/** A worker holds no socket that would ring: if the last pull is older than this when something is read, it pulls again. */
const FRESH_MS = 30_000;
/** Statuses of what a request can meet; another fault is the device's, and no fault of the request's. */
const STATUSES: Partial<Record<ErrorCode, number>> = { invalid_request: 400, unauthorized: 401, locked: 423, rate_limited: 429 };
/** What the engine calls itself on its way to the server. */
const OURSELVES = /^thermocline\b/;

/** What is known of an engine while it is open. */
interface Served {
  door: Door;
  /** For whom sync was looked after. */
  user?: string | null;
  /** When it was last asked whether there is news: `performance.now()`. */
  askedMs?: number;
}

export class Answering {
  readonly #scope: ServiceWorkerGlobalScope;
  readonly #engines: Engines;
  readonly #options: AnswerOptions;
  readonly #project: EngineOptions;
  readonly #route: ReturnType<typeof routeOf>;
  readonly #served = new WeakMap<OpenEngine, Served>();
  readonly #taken = new TakenInserts();
  #asking: Promise<void> | undefined;

  constructor(scope: ServiceWorkerGlobalScope, engines: Engines, options: AnswerOptions) {
    this.#scope = scope;
    this.#engines = engines;
    this.#options = options;
    this.#project = engineOptions(options);
    this.#route = routeOf(options.url);
  }

  /** Answers the event if it is one of ours. */
  on(event: FetchEvent): void {
    const { request } = event;
    if (request.mode === "navigate") return event.waitUntil(this.#greet());
    const found = this.#route(new URL(request.url));
    if (!found || !isLookedAt(found.api, request.method, found.path)) return;
    if (OURSELVES.test(request.headers.get("x-client-info") ?? "")) return;
    const answered = found.api === "rest" && request.method === "POST" ? this.#answerOnce(event) : this.#answer(request);
    event.respondWith(answered);
    event.waitUntil(answered.then(() => this.#afterwards(request), () => undefined));
  }

  /** A page is on its way: the engine opens meanwhile, or looks at what has happened since. */
  async #greet(): Promise<void> {
    const wasOpen = this.#engines.has(this.#project);
    const greeted = this.#engines.use(this.#project, async (open) => {
      if (wasOpen) await open.engine.foreground();
      await this.#lookAfter(open);
    });
    await greeted.catch(() => undefined); // its requests will say what is wrong
  }

  /** An insert, carried out once though the browser may hand it over again. */
  async #answerOnce(event: FetchEvent): Promise<Response> {
    const { request, clientId } = event;
    const body = await request.arrayBuffer();
    const taken = await this.#taken.take(clientId, request, body).catch(() => undefined); // no storage, no notes
    if (!taken) return this.#answer(request, { body });
    let response: Response | undefined;
    try {
      response = taken.wasSent ? Response.error() : await this.#answer(request, { body, taken });
    } finally {
      if (!response) await taken.forget().catch(() => undefined); // the page is told that it failed
    }
    return finishing(event, taken, response);
  }

  async #answer(request: Request, { body, taken }: { body?: ArrayBuffer; taken?: Taken } = {}): Promise<Response> {
    // Read once: by then the request itself cannot be sent on.
    body ??= isRead(request) ? undefined : await request.arrayBuffer();
    const network = async () => {
      await taken?.sends();
      return this.#scope.fetch(body ? new Request(request, { body }) : request);
    };
    try {
      return await this.#engines.use(this.#project, (open) => this.#ask(open, { network, seed: taken?.seed }, request, body));
    } catch (error) {
      if (!(error instanceof ThermoclineError)) throw error; // the network's own
      return this.#engines.has(this.#project) ? refusal(error) : without(request, network, error);
    }
  }

  #ask(open: OpenEngine, how: Pick<Place, "network" | "seed">, request: Request, body?: ArrayBuffer): Promise<Response> {
    const { door } = this.#servedBy(open);
    const ask = makeFetch(open.engine, open.realm, this.#options.url, {
      ...how,
      respond: plainResponseOf,
      admit: (authorization) => door.admit(authorization),
      alone: (change) => door.alone(change),
    });
    const { url, method, headers, signal } = request;
    return ask(url, { method, headers, signal, ...(body && { body: new TextDecoder().decode(body) }) });
  }

  #servedBy(open: OpenEngine): Served {
    const served = this.#served.get(open) ?? { door: new Door(open) };
    this.#served.set(open, served);
    return served;
  }

  /** What a request leads to, once it was answered. */
  async #afterwards(request: Request): Promise<void> {
    if (!this.#engines.has(this.#project)) return;
    await this.#engines.use(this.#project, async (open) => {
      if (!isRead(request) || this.#servedBy(open).user === undefined) await this.#lookAfter(open);
      else await this.#askForNews(open);
    }).catch(() => undefined); // the status says what is wrong
  }

  /** Pulls, if that is due; the page has its rows by now, and the next ones are newer. */
  async #askForNews(open: OpenEngine): Promise<void> {
    const [served, { state, lastPull }] = [this.#servedBy(open), open.status()];
    const isFresh = (sinceMs: number) => Math.abs(sinceMs) < FRESH_MS;
    if (state !== "idle" || isFresh(Date.now() - (lastPull ?? 0))) return;
    if (served.askedMs !== undefined && isFresh(performance.now() - served.askedMs)) return;
    served.askedMs = performance.now();
    await open.engine.foreground();
    await open.until(hasSettled, KEEP_MS);
  }

  /** Turns sync on where the app wants it, and stays for the round. */
  async #lookAfter(open: OpenEngine): Promise<void> {
    const [served, { user }] = [this.#servedBy(open), open.status()];
    if (served.user !== user) {
      served.user = user;
      const tables = user === null ? [] : this.#unsynced(open.status());
      if (tables.length > 0) {
        await open.engine.startSync(tables);
        void askForPeriods(this.#scope.registration);
      }
    }
    const { pending, state } = open.status();
    if (pending > 0 && state !== "stopped") void this.#askForSync();
    await open.until(hasSettled, KEEP_MS);
  }

  /** Tables that sync is to be turned on for: those that never had a round. Who has turned it off for one leaves it off. */
  #unsynced({ held, synced }: Status): string[] {
    const { sync = false, tables } = this.#options;
    if (!sync) return [];
    const wanted = sync === true ? tables.map((table) => (typeof table === "string" ? table : table.name)) : sync.tables;
    return wanted.filter((table) => !held.includes(table) && !synced.includes(table));
  }

  /** One question under way stands for all writes meanwhile. */
  #askForSync(): Promise<void> {
    this.#asking ??= askForSync(this.#scope.registration).then(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }
}

/** Nothing waits to be sent, or nothing can be sent now. */
function hasSettled({ state, pending }: Status): boolean {
  return state === "stopped" || state === "offline" || state === "limited" || (state === "idle" && pending === 0);
}

const isRead = ({ method }: Request) => method === "GET" || method === "HEAD";

/** The database does not open. The server can still be read; a write past those that wait here would not be in order. */
async function without(request: Request, network: () => Promise<Response>, error: ThermoclineError): Promise<Response> {
  if (request.url.includes("/rest/v1/") && !isRead(request)) return refusal(error);
  return network().catch(() => refusal(error));
}

/** In PostgREST's form. */
function refusal({ code, message }: ThermoclineError): Response {
  const body = JSON.stringify({ code, message, details: null, hint: null });
  return plainResponseOf([STATUSES[code] ?? 503, "content-type: application/json; charset=utf-8\n", body]);
}
