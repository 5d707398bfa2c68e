/** The history as a file: the server's, which has all of it, or this device's, marked as what it is. */
import { ThermoclineError } from "../errors.js";
import type { Thermocline } from "../types.js";
import { instantsOf, rowsOf } from "./context-rows.js";
import type { ContextExport, ContextRecipe } from "./context-types.js";
import { userOf, type RecipeParts } from "./recipe.js";

const FORMAT = 1;
const PAGE = 1_000;

interface Range {
  from: string;
  to: string;
}

export function historyOf({ tc, supabase }: RecipeParts): Pick<ContextRecipe, "exportHistory"> {
  return {
    async exportHistory(range): Promise<ContextExport> {
      check(range);
      const name = `context-${range.from}-${range.to}.json.gz`;
      const { data } = await supabase.functions.invoke("export_history", { body: range })
        .catch(() => ({ data: null }));
      if (data instanceof Blob) return { name, file: data, origin: "server" };
      return { name, file: await gzip(await linesHere(tc, range)), origin: "device" };
    },
  };
}

function check({ from, to }: Range): void {
  const isDate = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
  if (isDate(from) && isDate(to) && from <= to) return;
  throw new ThermoclineError("invalid_request", `${from} to ${to} is no range: give two local days as YYYY-MM-DD, the earlier one first`);
}

async function linesHere(tc: Thermocline, range: Range): Promise<string[]> {
  const { from, to } = instantsOf(range);
  const window = `recorded_at=gte.${encodeURIComponent(from)}&recorded_at=lte.${encodeURIComponent(to)}`;
  const all = await pages<Snapshot>(tc, `context_snapshots?user_id=eq.${userOf(tc)}&${window}&order=recorded_at.asc,id.asc`);
  const snapshots = all.filter((row) => isWithin(range, row));
  const insights = await pages<object>(tc, `daily_insights?date=gte.${range.from}&date=lte.${range.to}&order=date.asc`);
  const manifest = {
    format: FORMAT, range, counts: { context_snapshots: snapshots.length, daily_insights: insights.length },
    generated_at: new Date().toISOString(), partial: true,
  };
  return [manifest, ...snapshots.map((row) => ({ table: "context_snapshots", row })), ...insights.map((row) => ({ table: "daily_insights", row }))]
    .map((line) => JSON.stringify(line));
}

interface Snapshot {
  recorded_at: string;
  utc_offset_min: number;
}

/** By the row's own local day. */
function isWithin({ from, to }: Range, { recorded_at, utc_offset_min }: Snapshot): boolean {
  const date = new Date(Date.parse(recorded_at) + utc_offset_min * 60_000).toISOString().slice(0, 10);
  return date >= from && date <= to;
}

async function pages<Row>(tc: Thermocline, path: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (;;) {
    const page = JSON.parse(rowsOf(await tc.query(`${path}&limit=${PAGE}&offset=${rows.length}`)).text) as Row[];
    rows.push(...page);
    if (page.length < PAGE) return rows;
  }
}

function gzip(lines: string[]): Promise<Blob> {
  const packed = new Blob([lines.join("\n"), "\n"]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(packed, { headers: { "content-type": "application/gzip" } }).blob();
}
