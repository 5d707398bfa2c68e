// A person's history as gzip of JSON lines (RECIPES 4.7): a manifest, the snapshots by time and id, the daily insights, and an `end` that
// says how many of each there were: without it the file was cut off. Read page by page under the caller's token and never held whole.
// One export a user at a time: the lease is given back when the last line has left, or when nobody wants it any more.
import type { Caller } from '../_shared/caller.ts';
import type { Task } from '../_shared/handle.ts';
import { invalid } from '../_shared/refusal.ts';

const FORMAT = 1;
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d))?$/;
const DAY_MS = 24 * 60 * 60 * 1000;

interface Range {
  /** As they were given: for the name and the manifest. */
  from: string;
  to: string;
  since: string;
  until: string;
}
interface Days { snapshots: number; daily_insights: number; lines: string }
interface Page { count: number; lines: string; last: Record<string, unknown> | null }

export const history: Task<Range> = {
  takes: 'export_history',
  parse(body) {
    const { from, to } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
    const [since, until] = [instantOf('from', from), instantOf('to', to)];
    // A day is a day in UTC, and the last one belongs to the range.
    if (String(to).length === 10) until.setTime(until.getTime() + DAY_MS);
    if (since >= until) throw invalid('from must be before to');
    return { from: String(from), to: String(to), since: since.toISOString(), until: until.toISOString() };
  },
  async answer(range, caller) {
    const days = await caller.rpc<Days>('context_history_days', { since: range.since, until: range.until }).catch(async (error) => {
      await release(caller);
      throw error;
    });
    const lines = ReadableStream.from(linesOf(range, days, caller));
    const file = lines.pipeThrough(new TextEncoderStream()).pipeThrough(new CompressionStream('gzip'));
    const name = `context-${range.from.slice(0, 10)}-${range.to.slice(0, 10)}.json.gz`;
    // supabase-js hands over bytes of this type only as they are.
    return new Response(file, { headers: { 'content-type': 'application/octet-stream', 'content-disposition': `attachment; filename="${name}"` } });
  },
};

function instantOf(name: string, value: unknown): Date {
  const instant = typeof value === 'string' && TIME.test(value) ? new Date(value) : new Date(NaN);
  if (Number.isNaN(instant.getTime())) throw invalid(`${name} must be a date (YYYY-MM-DD) or an instant with its offset`);
  return instant;
}

async function* linesOf({ from, to, since, until }: Range, days: Days, caller: Caller): AsyncGenerator<string> {
  const { lines, ...counts } = days;
  try {
    yield `${JSON.stringify({ kind: 'manifest', format: FORMAT, from, to, counts, generated_at: new Date().toISOString() })}\n`;
    let snapshots = 0;
    let last: Page['last'] = {};
    while (last) {
      const page: Page = await caller.rpc<Page>('context_history', { since, until, ...last });
      snapshots += page.count;
      last = page.last;
      yield page.lines;
    }
    yield lines;
    yield `${JSON.stringify({ kind: 'end', counts: { ...counts, snapshots } })}\n`;
  } finally {
    await release(caller);
  }
}

/** A lease that cannot be given back runs out by itself. */
async function release(caller: Caller): Promise<void> {
  await caller.rpc('thermocline_release', { function: 'export_history' }).catch(() => undefined);
}
