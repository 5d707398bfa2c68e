/** Search by meaning on the server, by words on the device; and the material that an app puts before its own model. */
import { ThermoclineError } from "../errors.js";
import type { Thermocline } from "../types.js";
import { attunementOn } from "./path-attunement.js";
import { isOnline, outcomeOf, read } from "./path-rows.js";
import type { Match, PathRecipe } from "./path-types.js";
import { bodyOf, callRecipe, localTime, type EdgeFunctions, type RecipeParts } from "./recipe.js";

type SearchPart = Pick<PathRecipe, "syncVectorEmbedding" | "embedPending" | "semanticSearch" | "coachContext">;

interface LogRow {
  id: string;
  content: string;
  metadata: Record<string, unknown>;
}

const THRESHOLD = 0.7;
const MATCHES = 5;
const BATCH = 100;

export function searchOf({ tc, supabase }: RecipeParts, recipe: Pick<PathRecipe, "fetchPatterns" | "analyseArchetype">): SearchPart {
  const search: PathRecipe["semanticSearch"] = async (query, threshold = THRESHOLD, limit = MATCHES) =>
    (isOnline(tc) ? await byMeaning(tc, supabase, query, threshold, limit) : null)
    ?? (typeof query === "string" ? byWords(tc, query, limit) : []);
  let hasVectors = true;
  const embedAll = async (): Promise<number> => {
    if (!hasVectors) return 0;
    const made = await embedPending(tc, supabase);
    hasVectors = made !== null || !isOnline(tc);
    return made ?? 0;
  };
  return {
    syncVectorEmbedding: (log_id) => outcomeOf(tc, () => embed(supabase, log_id)),
    embedPending: embedAll,
    semanticSearch: search,
    async coachContext(text, limit = MATCHES) {
      const [matches, patterns, archetype, attunement] = await Promise.all([
        search(text, THRESHOLD, limit), recipe.fetchPatterns(), recipe.analyseArchetype(), attunementOn(tc, localTime().today),
      ]);
      return { matches, patterns, archetype, attunement };
    },
  };
}

async function embed(supabase: EdgeFunctions, log_id: string) {
  const { error } = await supabase.functions.invoke("embed_entry", { body: { log_id } });
  if (error) throw new ThermoclineError("server_error", `embed_entry: ${error instanceof Error ? error.message : "failed"}`);
  return { table: "vector_embeddings", id: log_id };
}

/** One batch, each row once: one that fails is left for a later round. Null where the project has no vectors. */
async function embedPending(tc: Thermocline, supabase: EdgeFunctions): Promise<number | null> {
  const answer = await rpc(tc, "logs_to_embed", { max_rows: BATCH });
  if (answer === null) return null;
  let made = 0;
  for (const { id } of answer as { id: string }[]) {
    const { success } = await outcomeOf(tc, () => embed(supabase, id));
    made += Number(success);
  }
  return made;
}

/** Null where the server cannot: no network, no vectors, no function. */
async function byMeaning(tc: Thermocline, supabase: EdgeFunctions, query: string | number[], threshold: number, limit: number): Promise<Match[] | null> {
  const vector = typeof query === "string" ? await vectorOf(supabase, query) : query;
  if (!vector) return null;
  const found = await rpc(tc, "match_embeddings", { query_embedding: JSON.stringify(vector), match_threshold: threshold, match_count: limit });
  return found === null ? null : (found as Omit<Match, "by">[]).map((match) => ({ ...match, by: "meaning" }));
}

async function vectorOf(supabase: EdgeFunctions, text: string): Promise<number[] | null> {
  const { data, error } = await supabase.functions.invoke("embed_query", { body: { text, space: "path" } });
  const { embedding } = (data ?? {}) as { embedding?: number[] };
  return error ? null : embedding ?? null;
}

async function byWords(tc: Thermocline, text: string, limit: number): Promise<Match[]> {
  const logs = await read<LogRow>(tc, "sovereign_logs?select=id,content,metadata,updated_at");
  const ids = callRecipe<string[]>("path", "search", { text, limit }, { logs: logs.text });
  const byId = new Map(logs.rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = byId.get(id);
    return row ? [{ id, content: row.content, metadata: row.metadata, similarity: null, by: "words" as const }] : [];
  });
}

/** What a function of the database answers; null where it is not there or cannot be reached. */
export async function rpc(tc: Thermocline, name: string, body: object): Promise<unknown> {
  try {
    const request = { method: "POST" as const, path: `rpc/${name}`, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    return JSON.parse(bodyOf(await tc.query(request), name)) as unknown;
  } catch (thrown) {
    if (thrown instanceof ThermoclineError) return null;
    throw thrown;
  }
}
