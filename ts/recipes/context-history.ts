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

interface Dated {
  recorded_at: string;
  utc_offset_min: number;
}

export function historyOf({ tc, supabase }: RecipeParts): Pick<ContextRecipe, "exportHistory"> {
  return {
    async exportHistory(range): Promise<ContextExport> {
      check(range);
      const name = `context-${range.from}-${range.to}.json.gz`;
      const { data } = await supabase.functions.invoke("export_history", { body: { ...range } })
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

/** Line by line as the server's file. */
async function linesHere(tc: Thermocline, { from, to }: Range): Promise<string[]> {
  const instants = instantsOf({ from, to });
  const window = `recorded_at=gte.${instants.from}&recorded_at=lt.${instants.to}`;
  const around = await pages<Dated>(tc, `context_snapshots?user_id=eq.${userOf(tc)}&${window}&order=recorded_at.asc,id.asc`);
  const snapshots = around.filter((row) => from <= localDay(row) && localDay(row) <= to);
  const insights = await pages<object>(tc, `daily_insights?date=gte.${from}&date=lte.${to}&order=date.asc`);
  const counts = { snapshots: snapshots.length, daily_insights: insights.length };
  const lines = [
    { kind: "manifest", format: FORMAT, from, to, counts, generated_at: new Date().toISOString(), partial: true },
    ...snapshots.map((row) => ({ kind: "snapshot", ...row })),
    ...insights.map((row) => ({ kind: "daily_insight", ...row })),
    { kind: "end", counts },
  ];
  return lines.map((line) => JSON.stringify(line));
}

const localDay = ({ recorded_at, utc_offset_min }: Dated): string =>
  new Date(Date.parse(recorded_at) + utc_offset_min * 60_000).toISOString().slice(0, 10);

async function pages<Row extends object>(tc: Thermocline, path: string): Promise<Row[]> {
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
