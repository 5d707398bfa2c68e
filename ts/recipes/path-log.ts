/** The universal log: entries by category, drafts that wait for a pause in typing, and what is read from the log. */
import type { Thermocline } from "../types.js";
import { insert, outcomeOf, read, remove, send as write, validate, type Read } from "./path-rows.js";
import type { ArchetypeAnalysis, Category, Draft, MetadataOf, PathRecipe, Patterns, Synced } from "./path-types.js";
import { callRecipe, localTime } from "./recipe.js";

const PAUSE_MS = 1_000;
const DAY_MS = 86_400_000;
const PATTERN_DAYS = 30;
const FOLDED = "id,category,metadata,created_at,utc_offset_min";
/** The ids that a category's metadata have. */
const IDS: Record<Category, string[]> = {
  chat: ["sessionId", "messageId"], journal: ["journalId"], sovereign: ["entryId"], feedback: ["feedbackId"],
};
const TABLE = "sovereign_logs";

type LogPart = Pick<PathRecipe, "addLog" | "changeLog" | "deleteLog" | "draftLog" | "fetchPatterns"> & {
  /** Writes all drafts. */
  saveDrafts(): Promise<void>;
};

export function logOf(tc: Thermocline, changed: () => void): LogPart {
  const drafts = new Set<Draft>();
  const add: PathRecipe["addLog"] = (category, content, metadata) =>
    told(changed, outcomeOf(tc, () => insert(tc, TABLE, logRow(category, content, metadata))));
  const change = (id: string, content: string): Promise<Synced> => told(changed, outcomeOf(tc, () => write(tc, TABLE, {
    method: "PATCH", path: `${TABLE}?id=eq.${id}&select=id`, body: JSON.stringify({ content }),
    headers: { "content-type": "application/json", prefer: "return=representation" },
  })));
  return {
    addLog: add,
    changeLog: change,
    deleteLog: (id) => told(changed, outcomeOf(tc, () => remove(tc, { table: TABLE, id }))),
    draftLog<C extends Category>(category: C, metadata: MetadataOf[C] & Record<string, unknown>) {
      const draft = makeDraft((id, content) => (id === undefined ? add(category, content, metadata) : change(id, content)));
      drafts.add(draft);
      return draft;
    },
    async fetchPatterns() {
      const { text } = await recent(tc);
      return callRecipe<Patterns>("path", "patterns", localTime(), { logs: text });
    },
    saveDrafts: async () => void (await Promise.all([...drafts].map((draft) => draft.save()))),
  };
}

/** A row of the log as it is written now. */
function logRow(category: Category, content: string, metadata: Record<string, unknown>): object {
  const ids = Object.fromEntries(IDS[category].map((name) => [name, crypto.randomUUID()]));
  const { now, utc_offset_min } = localTime();
  const row = { category, content, metadata: { ...ids, ...metadata }, utc_offset_min, created_at: now };
  validate(TABLE, row);
  return row;
}

/** Sovereign entries of the last 30 days. */
export function recent(tc: Thermocline): Promise<Read<unknown>> {
  const since = new Date(Date.now() - PATTERN_DAYS * DAY_MS).toISOString();
  return read(tc, `${TABLE}?select=${FOLDED}&category=eq.sovereign&created_at=gte.${encodeURIComponent(since)}`);
}

/** What achievements are counted from. */
export const counted = (tc: Thermocline): Promise<Read<unknown>> =>
  read(tc, `${TABLE}?select=${FOLDED}&category=in.(journal,sovereign,feedback)`);

/** The archetype of the newest entries, and whether enough came since `last` to store it. */
export async function archetypeOf(tc: Thermocline, last: string | null): Promise<{ due: boolean; analysis: ArchetypeAnalysis; partial: boolean }> {
  const { text, partial } = await read(tc, `${TABLE}?select=${FOLDED}&category=eq.sovereign&order=created_at.desc,id.desc&limit=50`);
  const answer = callRecipe<{ due: boolean; analysis: ArchetypeAnalysis }>("path", "archetype", { ...localTime(), last }, { logs: text });
  return { ...answer, partial };
}

async function told(changed: () => void, writing: Promise<Synced>): Promise<Synced> {
  const written = await writing;
  if (written.success) changed();
  return written;
}

/** One write at a time; each writes the newest text. */
function makeDraft(write: (id: string | undefined, content: string) => Promise<Synced>): Draft {
  let wanted: string | undefined;
  let result: Synced = { success: true, state: "synced" };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writing = Promise.resolve();
  const save = async (): Promise<Synced> => {
    clearTimeout(timer);
    writing = writing.then(async () => {
      if (wanted === undefined) return;
      const content = wanted;
      wanted = undefined;
      const { id } = result;
      const written = await write(id, content);
      result = id === undefined ? written : { ...written, id };
    });
    await writing;
    return result;
  };
  return {
    save,
    type(content) {
      wanted = content;
      clearTimeout(timer);
      timer = setTimeout(() => void save(), PAUSE_MS);
    },
  };
}
