// A context as tests drive it: a page, a dedicated worker and a service worker carry out the same commands.
//
// Each command is a verb and one argument, both plain data. What the package has no word for (a checkpoint
// at this moment) is asked of the engine behind it.

import { openThermocline, type Options, type QueryRequest } from "thermocline";
import wasm from "thermocline/thermocline_bg.wasm?url";
import { Engine } from "../../../../pkg/wasm/thermocline.js";

type Client = Awaited<ReturnType<typeof openThermocline>>;

/** The engine that was opened last: the package keeps it to itself. */
let latest: Engine;
/** How many were. */
let opened = 0;
const openEngine = Engine.open.bind(Engine);
Engine.open = async (options: unknown) => {
  latest = await openEngine(options);
  Object.assign(globalThis, { opened: (opened += 1) });
  return latest;
};

let client: Client;
let engine: Engine;
/** What live queries told last, by path. */
const told = new Map<string, unknown>();

const VERBS: Record<string, (given: never) => unknown> = {
  async open(options: Options) {
    client = await openThermocline({ ...options, wasm });
    engine = latest;
  },
  ask: (request: QueryRequest) => client.query(request),
  /** Several requests at once: they go into one frame, or few. */
  askAll: (requests: QueryRequest[]) => Promise.all(requests.map((request) => client.query(request))),
  checkpoint: () => engine.checkpoint(),
  catchUp: () => engine.catchUp(),
  watch: (path: string) => void client.live(path, ({ rows }) => told.set(path, rows)),
  told: (path: string) => told.get(path),
  outbox: () => client.outbox.list(),
  status: () => client.status(),
  startSync: () => client.sync.start(),
  sync: () => client.sync.now(),
  flushed: () => client.sync.flushed(),
  /** As supabase-js refreshes a session: the auth server's status and answer. */
  async refresh({ url, token }: { url: string; token: string }) {
    const answer = await client.fetch(`${url}/auth/v1/token?grant_type=refresh_token`, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ refresh_token: token }),
    });
    return { status: answer.status, ...((await answer.json()) as object) };
  },
};

/** Carries a command out; a rejection comes back as `{ fault }`. */
export async function carryOut([verb, given]: [string, unknown]): Promise<unknown> {
  try {
    return { done: await VERBS[verb]!(given as never) };
  } catch (error) {
    const { code, message } = (typeof error === "string" ? JSON.parse(error) : error) as { code?: string; message: string };
    return { fault: { code, message } }; // the engine itself throws text
  }
}

/** What the page's own client is: `open` is the app's, not the tests'. */
export function use(opened: Client): void {
  client = opened;
  engine = latest;
}

Object.assign(globalThis, { carryOut });
