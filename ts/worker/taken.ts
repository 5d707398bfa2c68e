/**
 * Inserts that the browser has handed to this worker and that it has not answered yet, noted where a later worker finds them.
 *
 * Chromium hands a request again to a new worker if it ended the one before while that had not answered. An insert whose rows
 * have no ids of the app's would be written twice. So each gets a *seed*, from which all its ids follow, and which is noted before anything
 * is written. What comes again gets the same seed, and the log drops the repeat.
 *
 * Two inserts that are alike and both meant are both kept: a note is only taken up by a request that comes to a worker that has just
 * started, from the same page and alike in every byte, and if the worker that made the note has ended; each note once. A note goes before
 * the page can see the end of the answer (`finishing`): what a page asks after that finds none.
 */
import { Notes, type Note } from "./notes.js";

/** How long after its start a worker expects what its predecessor left: the browser hands it over at once. */
const EXPECTED_MS = 10_000;
/** An older note is of no use: Chromium lets no event take longer. */
const NOTE_MS = 5 * 60_000;
/** How long the locks of a worker that is ending may outlive it. */
const ENDING_MS = 1_000;

/** An insert under way. */
export interface Taken {
  seed: string;
  /** A worker before this one may have sent it to the server: its outcome is unknown. */
  readonly wasSent: boolean;
  /** Notes that it is about to leave for the server. */
  sends(): Promise<void>;
  /** No worker is to take it up any more. */
  forget(): Promise<void>;
}

export class TakenInserts {
  readonly #life = crypto.randomUUID();
  readonly #startedMs = performance.now();
  readonly #notes = new Notes();
  #begun: Promise<void> | undefined;
  /** Of workers before this one. */
  #left: Note[] = [];

  /** Notes an insert, or takes up the note of the same one. */
  async take(client: string, request: Request, body: ArrayBuffer): Promise<Taken> {
    const digest = await digestOf(client, request, body);
    await (this.#begun ??= this.#begin());
    const left = await this.#takeUp(digest);
    const note: Note = { ...(left ?? { seed: crypto.randomUUID(), digest, atMs: Date.now(), sent: false }), life: this.#life };
    await this.#notes.put(note);
    return {
      seed: note.seed,
      wasSent: note.sent,
      sends: () => this.#notes.put({ ...note, sent: true }),
      forget: () => this.#notes.delete(note.seed),
    };
  }

  /** Before the first note: a lock that ends with this worker, and what others have left. */
  async #begin(): Promise<void> {
    await new Promise<void>((held) => {
      void navigator.locks.request(lockOf(this.#life), () => {
        held();
        return new Promise<never>(() => undefined);
      });
    });
    const oldest = Date.now() - NOTE_MS;
    for (const note of await this.#notes.all()) {
      if (note.atMs > oldest) this.#left.push(note);
      else await this.#notes.delete(note.seed);
    }
  }

  async #takeUp(digest: string): Promise<Note | undefined> {
    if (performance.now() - this.#startedMs > EXPECTED_MS) this.#left = [];
    const at = this.#left.findIndex((note) => note.digest === digest);
    const [note] = at < 0 ? [] : this.#left.splice(at, 1);
    return note && (await hasEnded(note.life)) ? note : undefined;
  }
}

/** The answer, of which a page sees the end once the note is gone. The page has its beginning by then, so the browser hands the request to nobody else. */
export async function finishing(event: FetchEvent, taken: Taken, response: Response): Promise<Response> {
  const { status, statusText, headers } = response;
  const bytes = response.body === null ? null : new Uint8Array(await response.arrayBuffer());
  if (bytes === null || status === 0) {
    await taken.forget();
    return response;
  }
  const body = new ReadableStream<Uint8Array>({
    async start(stream) {
      await event.handled?.catch(() => undefined);
      await taken.forget().catch(() => undefined); // the write stands; the note ages
      stream.enqueue(bytes);
      stream.close();
    },
  });
  return new Response(body, { status, statusText, headers });
}

const lockOf = (life: string) => `thermocline-worker/${life}`;

/** Whether a worker is gone, or goes within a moment. */
function hasEnded(life: string): Promise<boolean> {
  return navigator.locks.request(lockOf(life), { signal: AbortSignal.timeout(ENDING_MS) }, () => true).catch(() => false);
}

/** Of all that makes a request what it is; the page's id in it keeps it from being guessed. */
async function digestOf(client: string, { url, headers }: Request, body: ArrayBuffer): Promise<string> {
  const head = new TextEncoder().encode(JSON.stringify([client, url, ...headers]));
  const bytes = new Uint8Array(head.length + body.byteLength);
  bytes.set(head);
  bytes.set(new Uint8Array(body), head.length);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
