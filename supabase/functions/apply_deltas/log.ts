// One row of sync_logs a batch (RECIPES 4.1): numbers and an error code, never content. Written under the caller's own token and beside
// the answer: a push neither waits for its log nor fails with it, and a project without the table goes without.

const MISSING_MS = 10 * 60 * 1000;
const CODE_CHARS = 64;
const CLIENT_CHARS = 100;
const LOGS = 'sync_logs';
/** Outcomes by the column that counts them; what was answered before counts as a duplicate only. */
const COLUMN: Record<string, 'applied' | 'conflicts' | 'rejected'> = {
  applied: 'applied', merged: 'applied', superseded: 'conflicts', conflict: 'conflicts', rejected: 'rejected', hidden: 'rejected', blocked: 'rejected',
};

export interface Push { client: string; batch: { t?: unknown; rows?: unknown }[] }
export interface Passed {
  push: Push;
  /** As they came, compressed. */
  bytes: number;
  ms: number;
  /** Of the rpc; 502 if it could not be reached. */
  status: number;
  answer: string;
}

declare const EdgeRuntime: { waitUntil(work: Promise<unknown>): void } | undefined;
let missingUntil = 0;

/** Begins to write the row, and returns. */
export function log(passed: Passed, url: string, signature: Record<string, string>): void {
  const row = rowOf(passed);
  if (!row || performance.now() < missingUntil) return;
  const headers = { ...signature, 'content-type': 'application/json', prefer: 'return=minimal' };
  const work = fetch(`${url}/rest/v1/${LOGS}`, { method: 'POST', headers, body: JSON.stringify(row), signal: AbortSignal.timeout(10_000) })
    .then(async (answer) => {
      if (answer.status === 404) missingUntil = performance.now() + MISSING_MS;
      await answer.body?.cancel();
    })
    .catch(() => undefined);
  if (typeof EdgeRuntime !== 'undefined') EdgeRuntime.waitUntil(work);
}

/** Undefined for a batch of log rows only, which would be logged for ever, and for a caller who may not write one. */
export function rowOf({ push, bytes, ms, status, answer }: Passed): Record<string, unknown> | undefined {
  if (status === 401 || status === 403 || (push.batch.length > 0 && push.batch.every((group) => group?.t === LOGS))) return undefined;
  const received = push.batch.reduce((sum, group) => sum + (Array.isArray(group?.rows) ? group.rows.length : 0), 0);
  const row = { client_id: push.client.slice(0, CLIENT_CHARS), function: 'apply_deltas', received, bytes_in: bytes, compressed: true, duration_ms: Math.round(ms) };
  const said = parsed(answer);
  if (status !== 200 || said?.status !== 'ok' || !Array.isArray(said.groups)) {
    const code = status === 200 ? String(said?.status ?? 'unreadable') : String(said?.code ?? status);
    return { ...row, status: 'failed', error_code: code.slice(0, CODE_CHARS) };
  }
  const counts = { applied: 0, duplicates: 0, conflicts: 0, rejected: 0 };
  const answers = said.groups.flat() as [string, unknown, { error?: { code?: unknown } } | null, string?][];
  for (const [outcome, , , duplicate] of answers) counts[duplicate ? 'duplicates' : COLUMN[outcome] ?? 'rejected'] += 1;
  const refused = answers.find(([outcome, , , duplicate]) => !duplicate && COLUMN[outcome] !== 'applied' && outcome !== 'superseded');
  const code = refused && String(refused[2]?.error?.code ?? refused[0]).slice(0, CODE_CHARS);
  return { ...row, ...counts, status: refused ? 'partial' : 'ok', error_code: code ?? null };
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
