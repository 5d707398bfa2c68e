// A person's history as gzip of JSON lines (RECIPES 4.7): a manifest, the snapshots by time and id, the daily insights, and an `end` that
// says how many of each there were: without it the file was cut off. Read page by page under the caller's token and never held whole.
// One export a user at a time: the lease is given back when the last line has left, or when nobody wants it any more.
import type { Caller } from '../_shared/caller.ts';
import type { Task } from '../_shared/handle.ts';
import { invalid } from '../_shared/refusal.ts';

const FORMAT = 1;

/** Local days, `YYYY-MM-DD`, both included: a snapshot's is that of its own offset. */
interface Range { from: string; to: string }
interface Days { snapshots: number; daily_insights: number; lines: string }
interface Page { count: number; lines: string; last: Record<string, unknown> | null }

export const history: Task<Range> = {
  takes: 'export_history',
  parse(body) {
    const { from, to } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
    const range = { from: dayOf('from', from), to: dayOf('to', to) };
    if (range.from > range.to) throw invalid('from must not be after to');
    return range;
  },
  async answer(range, caller) {
    const days = await caller.rpc<Days>('context_history_days', { first_day: range.from, last_day: range.to }).catch(async (error) => {
      await release(caller);
      throw error;
    });
    const lines = ReadableStream.from(linesOf(range, days, caller));
    const file = lines.pipeThrough(new TextEncoderStream()).pipeThrough(new CompressionStream('gzip'));
    const name = `context-${range.from}-${range.to}.json.gz`;
    // supabase-js hands over bytes of this type only as they are.
    return new Response(file, { headers: { 'content-type': 'application/octet-stream', 'content-disposition': `attachment; filename="${name}"` } });
  },
};

function dayOf(name: string, value: unknown): string {
  const isDay = typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) && new Date(`${value}T00:00Z`).toJSON()?.startsWith(value);
  if (!isDay) throw invalid(`${name} must be a day: YYYY-MM-DD`);
  return value;
}

async function* linesOf({ from, to }: Range, days: Days, caller: Caller): AsyncGenerator<string> {
  const { lines, ...counts } = days;
  try {
    yield `${JSON.stringify({ kind: 'manifest', format: FORMAT, from, to, counts, generated_at: new Date().toISOString() })}\n`;
    let snapshots = 0;
    let last: Page['last'] = {};
    while (last) {
      const page: Page = await caller.rpc<Page>('context_history', { first_day: from, last_day: to, ...last });
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
