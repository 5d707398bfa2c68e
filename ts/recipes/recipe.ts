/**
 * What all recipes stand on: the engine's pure logic by name, rows by PostgREST's words, and the parts of supabase-js that a
 * recipe calls. A recipe stores nothing itself: its rows are ordinary rows, and go out by sync.
 */
import { recipe as logic } from "../../wasm/thermocline.js";
import { fromEngine, ThermoclineError } from "../errors.js";
import type { QueryAnswer, QueryRequest, Thermocline } from "../types.js";

/** What a recipe works with: an open database, and the supabase-js client that was made over `tc.fetch`. */
export interface RecipeParts {
  tc: Thermocline;
  supabase: EdgeFunctions;
}

/** The part of supabase-js that calls Edge Functions. */
export interface EdgeFunctions {
  functions: {
    invoke(name: string, options: { body: object }): Promise<{ data: unknown; error: unknown }>;
  };
}

/**
 * One call of a recipe's logic. Values of `input` become JSON, but for those under `rows`: JSON text as an answer's body has it,
 * taken over as it is.
 */
export function callRecipe<Result>(recipe: string, call: string, input: object, rows: Record<string, string> = {}): Result {
  const members = Object.entries(input).filter(([, value]) => value !== undefined);
  const texts = [
    ...members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`),
    ...Object.entries(rows).map(([name, text]) => `${JSON.stringify(name)}:${text}`),
  ];
  try {
    return JSON.parse(logic(recipe, call, `{${texts.join()}}`)) as Result;
  } catch (thrown) {
    throw fromEngine(thrown);
  }
}

/** The user whose rows these are; rejects with `unauthorized` before any sign-in. */
export function userOf(tc: Thermocline): string {
  const { user } = tc.status();
  if (user === null) throw new ThermoclineError("unauthorized", "nobody is signed in: a recipe's rows have an owner");
  return user;
}

/** The body of an answer; throws what PostgREST said, with its code in the message. */
export function bodyOf(answer: QueryAnswer, what: string): string {
  if (answer.status < 400) return answer.body;
  const { code = answer.status, message = "" } = JSON.parse(answer.body || "{}") as { code?: string; message?: string };
  throw new ThermoclineError("invalid_request", `${what}: ${message} (${code})`);
}

/** Whether an answer may lack rows that only the server has. */
export const isPartial = ({ headers }: QueryAnswer): boolean => headers["thermocline-coverage"] === "partial";

/** Inserts rows; where they exist already, they stay as they are. */
export function insertRequest(table: string, rows: object | object[]): QueryRequest {
  return {
    method: "POST",
    path: table,
    headers: { "content-type": "application/json", prefer: "resolution=ignore-duplicates,return=representation" },
    body: JSON.stringify(rows),
  };
}

/** The local date and the minutes by which local clocks are ahead of UTC, now. */
export function localTime(now = new Date()): { now: string; today: string; utc_offset_min: number } {
  const utc_offset_min = -now.getTimezoneOffset();
  const today = new Date(now.getTime() + utc_offset_min * 60_000).toISOString().slice(0, 10);
  return { now: now.toISOString(), today, utc_offset_min };
}
