/**
 * Import of an older app's store from `localStorage`: plan, write, verify, mark. The source is read and never written. A row that exists is
 * left as it is, so a run may be broken off anywhere and repeated: the next one writes what is missing.
 */
import { ThermoclineError } from "../../errors.js";
import type { QueryRequest } from "../../types.js";
import { bodyOf, callRecipe, localTime, userOf } from "../recipe.js";
import { inserting, newId, rowsOf, write, type Store } from "./store.js";
import type { ImportPlan, ImportProblem, ImportReport, ImportTable } from "./types.js";

export const SOURCE = "creation-store";
/** Parents first. */
const IMPORTED: ImportTable[] = ["projects", "weekly_goals", "todos"];
/** Rows that are written together: few enough that the page can draw in between. */
const FRAME_ROWS = 100;
const FRAME_ROWS_MAX = 500;
/** Ids that one address asks for at most. */
const ASKED_IDS = 100;

type Row = { id: string } & Record<string, unknown>;

interface Planned {
  rows: Record<ImportTable, Row[]>;
  skipped: Record<ImportTable, string[]>;
  problems: ImportProblem[];
  owners: string[];
}

export interface ImportOptions {
  /** The source's text; default: what is in `localStorage` under `creation-store`. */
  text?: string;
}

export interface RunOptions extends ImportOptions {
  /** The person agrees that rows of several people become theirs. */
  consent?: boolean;
  /** Rows that are written together: at most 500; default: 100. */
  frameRows?: number;
}

export function importingOf(store: Store) {
  const read = async (given: string | undefined) => {
    const text = given ?? globalThis.localStorage?.getItem(SOURCE) ?? null;
    if (text === null) throw new ThermoclineError("invalid_request", `import: there is nothing in localStorage under ${SOURCE}`);
    const existing = Object.fromEntries(await Promise.all(IMPORTED.map(async (table) => [table, await idsOf(store, table)])));
    const planned = callRecipe<Planned>("projects", "plan_import", { text, user: userOf(store.tc), existing, ...localTime() });
    const hash = await sha256(text);
    return { planned, hash, done: await markOf(store, hash) };
  };

  return {
    /** What a run would do. Writes nothing. */
    async planImport({ text }: ImportOptions = {}): Promise<ImportPlan> {
      const { planned, done } = await read(text);
      const count = (table: ImportTable) => {
        const [rows, skipped] = [planned.rows[table].length, planned.skipped[table].length];
        return { planned: rows + skipped, new: rows, skipped };
      };
      return { counts: byTable(count), problems: planned.problems, needsConsent: planned.owners.length > 1, done };
    },

    /**
     * Writes what is new, reads it back and compares. Exactly this source again answers from its mark; rejects with `invalid_request` if rows
     * of several people are in it and `consent` was not given.
     */
    runImport: ({ text, consent = false, frameRows = FRAME_ROWS }: RunOptions = {}): Promise<ImportReport> => store.inTurn(async () => {
      const startedAt = new Date().toISOString();
      const { planned, hash, done } = await read(text);
      if (done) return done;
      if (planned.owners.length > 1 && !consent) {
        throw new ThermoclineError("invalid_request", `import: rows of ${planned.owners.length} people: say consent: true if all of them are to be yours; nothing was written`);
      }
      for (const frame of frames(planned.rows, Math.min(frameRows, FRAME_ROWS_MAX))) await write(store, frame);
      const differences = await differencesOf(store, planned);
      const counts = byTable((table) => {
        const [inserted, skipped] = [planned.rows[table].length, planned.skipped[table].length];
        return { planned: inserted + skipped, inserted, skipped };
      });
      const { problems } = planned;
      const report = { source: SOURCE, sourceHash: hash, startedAt, counts, problems, verified: differences.length === 0, differences };
      if (report.verified) await mark(store, report);
      return report;
    }),
  };
}

const byTable = <Count>(count: (table: ImportTable) => Count): Record<ImportTable, Count> =>
  Object.fromEntries(IMPORTED.map((table) => [table, count(table)])) as Record<ImportTable, Count>;

const idsOf = async (store: Store, table: ImportTable): Promise<string[]> => (await rowsOf<Row>(store, `${table}?select=id`)).map(({ id }) => id);

/** Requests of so many rows each, parents before what refers to them. */
function* frames(rows: Record<ImportTable, Row[]>, most: number): Generator<QueryRequest[]> {
  const all = IMPORTED.flatMap((table) => rows[table].map((row) => ({ table, row })));
  for (let at = 0; at < all.length; at += most) {
    const frame = all.slice(at, at + most);
    yield IMPORTED.flatMap((table) => {
      const own = frame.filter((one) => one.table === table).map(({ row }) => row);
      return own.length === 0 ? [] : [inserting(table, own)];
    });
  }
}

/** Inserted rows as they are, field by field; of skipped ones whether they are there. */
async function differencesOf(store: Store, planned: Planned): Promise<ImportReport["differences"]> {
  const found = await Promise.all(IMPORTED.map(async (table) => {
    const asked = [...planned.rows[table], ...planned.skipped[table].map((id): Row => ({ id }))];
    const written = await rowsByIds(store, table, asked.map(({ id }) => id));
    const differing = callRecipe<Omit<ImportReport["differences"][number], "table">[]>("projects", "verify_import", { planned: asked, found: written });
    return differing.map((one) => ({ table, ...one }));
  }));
  return found.flat();
}

async function rowsByIds(store: Store, table: ImportTable, ids: string[]): Promise<Row[]> {
  const found: Row[] = [];
  for (let at = 0; at < ids.length; at += ASKED_IDS) found.push(...(await rowsOf<Row>(store, `${table}?id=in.(${ids.slice(at, at + ASKED_IDS).join()})`)));
  return found;
}

interface Mark {
  source: string;
  source_hash: string;
  started_at: string;
  counts: ImportReport["counts"];
  problems: ImportProblem[];
  verified: boolean;
}

async function markOf(store: Store, hash: string): Promise<ImportReport | null> {
  const [mark] = await rowsOf<Mark>(store, `import_runs?source=eq.${SOURCE}&source_hash=eq.${hash}&verified=is.true`);
  if (!mark) return null;
  const { source, source_hash: sourceHash, started_at: startedAt, counts, problems, verified } = mark;
  return { source, sourceHash, startedAt, counts, problems, verified, differences: [] };
}

async function mark({ tc }: Store, report: ImportReport): Promise<void> {
  const { source, sourceHash: source_hash, startedAt: started_at, counts, problems, verified } = report;
  const row = { id: newId(), source, source_hash, started_at, finished_at: new Date().toISOString(), counts, problems, verified };
  bodyOf(await tc.query(inserting("import_runs", row)), "import_runs");
}

async function sha256(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
