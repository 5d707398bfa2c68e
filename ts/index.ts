/**
 * Thermocline: supabase-js answered from the device, synced exactly once.
 *
 * ```ts
 * const tc = await openThermocline({ url, key, tables: ["entries"] });
 * const supabase = createClient(url, key, { global: { fetch: tc.fetch } });
 * ```
 */
import init, { Engine } from "../wasm/thermocline.js";
import { isMetered } from "./connection.js";
import { watchDoorbell } from "./doorbell.js";
import { guarded, ThermoclineError } from "./errors.js";
import { exportAll, importAll } from "./export.js";
import { inPage, makeFetch } from "./fetch.js";
import { engineOptions } from "./options.js";
import { askForBackgroundSync, askToPersist, usage } from "./browser.js";
import { eventsOf } from "./events.js";
import { outboxOf } from "./outbox.js";
import { livePath, query } from "./query.js";
import { watchRealm } from "./realm.js";
import { sessionOf } from "./session.js";
import { syncOf } from "./sync.js";
import { transaction } from "./transaction.js";
import type { Encryption, LiveQuery, LiveResult, Options, Quarantine, QuarantinedRecord, Thermocline } from "./types.js";

export { ThermoclineError } from "./errors.js";
export type * from "./types.js";

/** Opens the local database. Rejects with a `ThermoclineError` that says what is wrong and what to do. */
export async function openThermocline(options: Options): Promise<Thermocline> {
  await init(options.wasm === undefined ? undefined : { module_or_path: options.wasm });
  const online = typeof navigator === "undefined" || navigator.onLine;
  const opening = engineOptions(options);
  const engine = await guarded(() => Engine.open({ ...opening, online, metered: isMetered() }));
  return faceOf(engine, options, opening.name);
}

function faceOf(engine: Engine, options: Options, name: string): Thermocline {
  const network = globalThis.fetch.bind(globalThis);
  const doorbell = watchDoorbell(engine, options, name);
  let pending = Infinity; // what waits from an earlier visit has been asked for
  const { status, on } = eventsOf(engine, (now) => {
    doorbell.follow(now);
    if (now.pending > pending) askForBackgroundSync();
    pending = now.pending;
  });
  const realm = watchRealm(engine);

  return {
    fetch: makeFetch(engine, realm, options.url, inPage(engine, network)),
    query: (request) => query(engine, realm, options, network, request),
    transaction: (requests) => transaction(engine, realm, requests),
    live(live, callback, onError = (error) => console.error(error)) {
      const { path, headers } = livePath(live as LiveQuery<never>);
      const id = engine.live(path, headers, (code: number, body: string, partial: boolean) => {
        if (code >= 400) onError(refusedQuery(body));
        else callback({ rows: JSON.parse(body) as never[], partial } satisfies LiveResult<never>);
      });
      return () => engine.stopLive(id);
    },
    status,
    on,
    sync: syncOf(engine, options, status),
    outbox: outboxOf(engine),
    storage: {
      usage: () => guarded(() => usage(engine)),
      persist: askToPersist,
      clearOldData: (days) => guarded(() => engine.clearOldData(days)),
      clearCache: () => guarded(() => engine.clearCache()),
      quarantine: quarantineOf(engine),
    },
    session: sessionOf(engine),
    encryption: {
      state: () => engine.encryption() as ReturnType<Encryption["state"]>,
      unlock: (passphrase) => guarded(() => engine.unlock(passphrase)),
      lock: () => guarded(async () => engine.lock()),
      changePassphrase: (from, to) => guarded(() => engine.changePassphrase(from ?? undefined, to ?? undefined)),
      shred: () => guarded(() => engine.shred()),
    },
    export: () => guarded(() => exportAll(engine)),
    import: (exported) => guarded(() => importAll(engine, exported)),
    async close() {
      doorbell.stop();
      realm.stop();
      engine.close();
    },
  };
}

function quarantineOf(engine: Engine): Quarantine {
  return {
    list: () => guarded(async () => JSON.parse(await engine.quarantined()) as QuarantinedRecord[]),
    read: (name) => guarded(() => engine.readQuarantined(name)),
    clear: () => guarded(() => engine.clearQuarantine()),
  };
}

function refusedQuery(body: string): ThermoclineError {
  const { code, message } = JSON.parse(body) as { code: string; message: string };
  const known = code === "unsupported_offline" ? code : "invalid_request";
  return new ThermoclineError(known, `live query: ${message}`);
}
