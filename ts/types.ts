/**
 * The public types of Thermocline: what an app passes in and what it gets back.
 * Shapes and units are stated here once; the engine behind them is Rust compiled to WebAssembly.
 */

/** How to open the database of one Supabase project. */
export interface Options {
  /** The project's URL; https, or http on localhost. */
  url: string;
  /** The project's publishable (anonymous) key. */
  key: string;
  /**
   * Tables to keep on the device: whole, by name, or within bounds. Each must be enabled with `thermocline.enable` on
   * the server.
   */
  tables: (string | TableOptions)[];
  /** Name of the local database; default: the URL's host. */
  name?: string;
  /** How writes are committed; `strict` (default) survives power loss. */
  durability?: "strict" | "relaxed";
  /**
   * Seals everything that rests on this device (AES-256-GCM). Stays on once it was on; what was there in plain is sealed.
   * `true`: the key lies in the browser's profile, beside the data. An object: the key is under a passphrase. Leave
   * `passphrase` out to open a locked database without it (`tc.encryption`); a wrong one rejects with `locked`.
   */
  encrypt?: boolean | { passphrase?: string | undefined };
  /**
   * Whether Supabase Realtime may ring for a round (default: true): what changes elsewhere is here within a second or two, while the page is
   * in front. Without it, or where the project has none, rounds come by themselves every few minutes.
   */
  realtime?: boolean;
  /**
   * Whether changes are sent compressed, by the Edge Function `apply_deltas`: a batch shrinks to about a seventh, for one hop more.
   * `auto` (default): large batches, on a slow or metered connection. `always`: on any connection, all but the smallest. `never`.
   * Where the function is not deployed or does not answer, the same batch goes directly, and so do all that follow.
   */
  gzip?: "auto" | "always" | "never";
  /** Where the engine's .wasm is served from; default: beside the module. */
  wasm?: string | URL;
}

/**
 * How much of a table to keep. What lies before the bounds stays on the server: it is read through when it is asked for,
 * and offline an answer that may lack it is marked `Thermocline-Coverage: partial`. Days, rows and bytes need a time column
 * (`thermocline.enable`); of several bounds the narrowest counts.
 */
export interface TableOptions {
  name: string;
  /** Rows whose time column is within so many days. */
  days?: number;
  /** About so many of the newest rows. */
  rows?: number;
  /** About so many bytes of the newest rows. */
  bytes?: number;
  /** Seconds for which a row that was read through, or any row of a `cache` table, is fresh. */
  ttl?: number;
  /**
   * When its rounds come: `high` (default) first, then `medium` and `low`; `lazy` ones are read for the first time one by one, when all
   * else is there. On a metered connection only `high` ones are pulled, unless `sync.now()` asks. Changes are always sent.
   */
  priority?: "high" | "medium" | "low" | "lazy";
  /** Its changes are sent at once, not up to 2 s later together with what else is written. Default: false. */
  urgent?: boolean;
}

/** Stable error codes; see SPEC.md for what each means and what to do. */
export type ErrorCode =
  | "offline" | "timeout" | "unauthorized" | "rejected" | "rate_limited" | "server_error" | "incompatible_server"
  | "quota_exceeded" | "storage_blocked" | "storage_lost" | "corrupt_frame" | "newer_version" | "invalid_request"
  | "unknown_table" | "unsupported_offline" | "unsynced_changes" | "locked" | "outcome_unknown" | "lost_by_restore";

/**
 * Where the sync machine stands. `limited`: there is a network, but Supabase does not answer. `offline` is told by what answers: a
 * browser that believes to be offline is not believed once the server has answered.
 */
export type SyncState = "stopped" | "idle" | "pushing" | "pulling" | "retry" | "offline" | "limited";

export interface Status {
  state: SyncState;
  /** Mutations the server has not answered yet. */
  pending: number;
  /** Dead letters: mutations the server refused for good. */
  refused: number;
  conflicts: number;
  /** Tables that are held whole; queries on them are answered from the device. */
  held: string[];
  /** Milliseconds since 1970, or null: never in this context. */
  lastPush: number | null;
  lastPull: number | null;
  /** When the oldest unanswered mutation was made, in milliseconds since 1970. Health is its age. */
  oldestPending: number | null;
  /** When the next try is due, while in `retry`. */
  retryAt: number | null;
  /** How each table compared with the server, last time. */
  audits: TableAudit[];
  /** Tables that sync is on for; none while it is off. */
  synced: string[];
  /** Of the round that is under way. */
  progress: Progress | null;
  /** Why someone should look; empty is good. `tc.on("attention", …)` tells of it once. */
  attention: AttentionCause[];
  /** Why the last round did not end well. */
  error: { code: ErrorCode; message: string } | null;
  /** Whose database is open; null before any sign-in. */
  user: string | null;
  /** Changes that were made here before anyone signed in, and wait for `session.adopt()` or `session.discardLocal()`. */
  unadopted: number;
}

/** How far a round has come. */
export interface Progress {
  /** Mutations that were answered, of those to send. */
  sent: number;
  toSend: number;
  /** Rows and removals that were brought so far; how many there will be, nobody knows before. */
  received: number;
}

/**
 * `refused`, `conflict`: a person has to decide. `overdue`: a change waits for more than a day though there is a network. `failing`: three
 * rounds in a row have failed.
 */
export type AttentionCause = "refused" | "conflict" | "overdue" | "failing";

export interface Attention {
  cause: AttentionCause;
  /** The changes it is about; none where rounds fail. */
  entries: OutboxEntry[];
  /** Why rounds fail. */
  error: Status["error"];
}

/**
 * Whether this device holds what the server would show: rows that appear or vanish by a change of rights have no change of their
 * own, and only comparing finds them. Made once a day, and when a page opens an hour or more after the last one.
 */
export interface TableAudit {
  table: string;
  /** Milliseconds since 1970. A first sync proves as much. */
  ended: number;
  /** Of 256 buckets of keys, those that were not as the server had them. */
  differing: number;
  /** Rows that were taken in or dropped for that. */
  repaired: number;
}

/** A pending mutation, a dead letter or a conflict. */
export interface OutboxEntry {
  id: string;
  table: string;
  /** Primary key values in key order. */
  key: unknown[];
  operation: "insert" | "update" | "upsert" | "delete";
  /** The columns as they will be sent: mine, in a conflict. */
  changes: Record<string, unknown>;
  /** Of an update: these columns as they were when the edit was made. */
  before: Record<string, unknown>;
  /** In a conflict, the server's row; null: it is gone there. */
  theirs: Record<string, unknown> | null;
  state: "waiting" | "sent" | "refused" | "conflict";
  /** The id of the refused mutation, or the conflict, behind which this one waits. */
  behind: string | null;
  /** Milliseconds since 1970. */
  made: number;
  /** It waits to be sent, or answered, for more than a day. */
  overdue: boolean;
  /** The server's reason, for a refused mutation; `lost_by_restore` for a conflict with a server that was restored. */
  error: { code: string; message: string } | null;
}

/**
 * Changes the server has not taken. A refused one (a dead letter) and a conflict stay until a person decides; they hold back
 * later changes of their row and of rows that refer to it, and nothing else.
 */
export interface Outbox {
  /** Oldest first. */
  list(): Promise<OutboxEntry[]>;
  /**
   * Sends a refused change again as a new mutation, with `changes` made in it first, and with what was edited on its row since.
   * Resolves with the new mutation's id. Rejects with `invalid_request` if the id is not that of a refused one, or a value does
   * not fit its column.
   */
  retry(id: string, changes?: Record<string, unknown>): Promise<string>;
  /** Drops a refused change: its row is again as the server has it. What was made over a row that never came to be goes with it. */
  discard(id: string): Promise<void>;
  /** Settles a conflict: `mine` is written over theirs, `theirs` stands, or a row (some of its columns) is written. */
  resolve(id: string, choice: "mine" | "theirs" | Record<string, unknown>): Promise<void>;
}

/** A request as PostgREST knows it; `path` is what follows `/rest/v1/`, query string included. */
export interface QueryRequest {
  method?: "GET" | "HEAD" | "POST" | "PATCH" | "DELETE";
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

export interface QueryAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** A live query: a path below `/rest/v1/`, or a supabase-js query that was not awaited (it gives the rows their type). */
export type LiveQuery<Row = Record<string, unknown>> = string | PromiseLike<{ data: Row[] | null }>;

export interface LiveResult<Row = Record<string, unknown>> {
  rows: Row[];
  /** True where the device may not hold everything the query asks for. */
  partial: boolean;
}

/** Rows, and bytes of their text. */
export interface Space {
  rows: number;
  bytes: number;
}

export interface TableUsage extends Space {
  table: string;
  /** In memory: rows that have changed since the last checkpoint, have changes that wait, or were read through. */
  hot: Space;
  /** At rest on this device. */
  warm: Space;
  /** Rows of an earlier time are only on the server; null: all are here. */
  horizon: string | null;
}

/** Bytes and rows on this device. */
export interface Usage {
  tables: TableUsage[];
  /** Bytes of the log since the last checkpoint, of segments and of files. */
  log: number;
  segments: number;
  files: number;
  /** Changes the server has not answered yet. */
  outbox: { mutations: number; bytes: number };
  /** The origin's use and quota in bytes, as the browser estimates them. */
  used: number | null;
  quota: number | null;
  persisted: boolean;
}

/** A record on this device that could not be read: a frame of the log, or a block of a segment. */
export interface QuarantinedRecord {
  name: string;
  bytes: number;
}

/**
 * Damaged records, kept aside as they were found (still sealed, if they were) while everything else stays usable. What
 * they held is pulled again from the server; a change that had not been sent may be in one of them.
 */
export interface Quarantine {
  list(): Promise<QuarantinedRecord[]>;
  /** The bytes of one, to save or to send to whoever looks into it. */
  read(name: string): Promise<Uint8Array>;
  /** Removes them all, for good. */
  clear(): Promise<void>;
}

/** While locked, every call answers `locked`, nothing is synced, and no row is in memory. */
export interface Encryption {
  /**
   * `locked`: a passphrase is missing. `lost`: the key is gone or damaged (the browser's storage was cleared in part, say),
   * nothing on the device can be read any more, and only `shred` leads on.
   */
  state(): "off" | "on" | "locked" | "lost";
  /** Opens the database here and in every open tab. Rejects with `locked` if the passphrase is wrong. */
  unlock(passphrase: string): Promise<void>;
  /** Forgets the key in every tab and worker. What the app itself shows is the app's to clear. */
  lock(): Promise<void>;
  /** From none, to none: `null`. Rewrites no data. */
  changePassphrase(from: string | null, to: string | null): Promise<void>;
  /** Empties the database and drops its key, for good, unsent changes included. Needs no passphrase. Open anew afterwards. */
  shred(): Promise<void>;
}

/** What becomes of changes when somebody signs in or out; signing in itself is supabase-js's. */
export interface Session {
  /**
   * Makes what was written before the sign-in (`status().unadopted` tells how much) the signed-in user's own: changes are issued anew
   * under their id (columns that hold the owner, keys derived from natural keys, what refers to them) and sent. Resolves with how many
   * there were; each enters once, whatever interrupts this. Nothing is adopted without this call: it may be another person's. Rejects
   * with `unauthorized` while nobody is signed in.
   */
  adopt(): Promise<number>;
  /** Drops what was written before any sign-in, for good. */
  discardLocal(): Promise<void>;
  /**
   * Ends the sign-in on this device; call `supabase.auth.signOut()` afterwards. What waits is sent first if sync is on, for a few
   * seconds at most. If some of it stays unsent (refused changes and conflicts count), `unsent` says what happens:
   * `refuse` (default) rejects with `unsynced_changes` and changes nothing; `keep` leaves the user's database on this device, out of
   * sight, and it is sent when they return; `discard` removes it all the same. With nothing unsent the database is always emptied.
   */
  signOut(options?: { unsent?: "refuse" | "keep" | "discard" }): Promise<void>;
}

export interface Imported {
  /** Rows in the file. */
  rows: number;
  /** Changes that wait to be sent here since. */
  mutations: number;
}

/** A row that has another key than it was made with. */
export interface Rekeyed {
  table: string;
  from: string;
  to: string;
}

export interface Thermocline {
  /** For supabase-js: `createClient(url, key, { global: { fetch: tc.fetch } })`. */
  fetch: typeof globalThis.fetch;
  /** The same as a request through `fetch`, text to text. */
  query(request: string | QueryRequest): Promise<QueryAnswer>;
  /**
   * Carries out inserts, updates and deletes of one or several tables together: durable on this device when it resolves, all of them or none.
   * Each row may be touched once. Rejects with `invalid_request` (`cause`: the answer of the request that was refused) and has
   * written nothing then; with `unsupported_offline` where a change is about rows that this device does not hold. On the server
   * the changes arrive one by one, each judged for itself, parents first.
   */
  transaction(requests: QueryRequest[]): Promise<QueryAnswer[]>;
  /**
   * Calls back with the rows now and after every change of them. Returns the way to stop. Past what the device holds,
   * its rows come first, `partial`, and the server's as soon as it answers; it is asked again when it may have news. A query that the engine
   * refuses or cannot answer from the device goes to `onError` with what is wrong with it; its rows never come.
   */
  live<Row = Record<string, unknown>>(
    query: LiveQuery<Row>,
    callback: (result: LiveResult<Row>) => void,
    onError?: (error: Error) => void,
  ): () => void;
  /** The same object until something in it changes. */
  status(): Status;
  /** Calls back with the status after every change of it. Returns the way to stop. */
  on(event: "status", callback: (status: Status) => void): () => void;
  /**
   * Calls back with all that someone should look at whenever there is something new among it: once for each cause, dead letter,
   * conflict and change that is overdue. Returns the way to stop.
   */
  on(event: "attention", callback: (now: Attention[]) => void): () => void;
  /**
   * Calls back for each row that got another key because the server has its natural key under that: what refers to it here has
   * followed, and the old key means the new one for a week at least. For an app that keeps keys itself. Returns the way to stop.
   */
  on(event: "rekeyed", callback: (rekeyed: Rekeyed) => void): () => void;
  sync: {
    /**
     * Turns sync on, for all tables or for some more. It stays on across reloads until stopped. The choice is this user's; one that is made
     * while nobody is signed in holds for whoever has made none.
     */
    start(options?: { tables?: string[] }): Promise<void>;
    /** Turns it off, for all tables or some; what waits in the outbox stays there. */
    stop(options?: { tables?: string[] }): Promise<void>;
    /** Runs one round of push and pull of all tables at once; resolves when it ended, rejects with its error. */
    now(): Promise<void>;
    /** The same, and compares every table with the server; what differs is mended. */
    audit(): Promise<TableAudit[]>;
    /** Resolves when every mutation made before the call has been answered. */
    flushed(): Promise<void>;
  };
  outbox: Outbox;
  storage: {
    usage(): Promise<Usage>;
    /** Asks the browser not to evict what is stored; whether it agreed. */
    persist(): Promise<boolean>;
    /**
     * Lets rows go that are older than so many days, in every table with a time column. They stay on the server and are
     * read through when asked for; changes that wait stay here.
     */
    clearOldData(days: number): Promise<void>;
    /**
     * Lets go what was only read through or lies in `cache` tables (those with a `ttl`, or of that direction), with or
     * without a time column. They are pulled anew when they are synced; changes that wait stay here.
     */
    clearCache(): Promise<void>;
    quarantine: Quarantine;
  };
  encryption: Encryption;
  session: Session;
  /**
   * Everything on this device, pending changes included, as a file of JSON lines (not encrypted). To keep, to read, or to
   * take to another device of the same user with `import`.
   */
  export(): Promise<Blob>;
  /**
   * Takes up an export of the same user: pending changes are sent from here (each once, even if the other device sends them, too),
   * rows are shown until their table is pulled. Rejects with `invalid_request` if it is no export, or another user's.
   */
  import(exported: Blob | string): Promise<Imported>;
  /** Releases the database and stops all timers. */
  close(): Promise<void>;
}
