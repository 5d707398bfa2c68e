/** Caches of the sky and of charts: what of them still holds, and who fills them. The function `fetch_sky` answers, the client writes. */
import type { Thermocline } from "../types.js";
import { isOnline, isSame, outcomeOf, put, readOne } from "./path-rows.js";
import type { AstrologyData, BirthData, CosmicData, Location, Moon, PathRecipe } from "./path-types.js";
import { callRecipe, localTime, type EdgeFunctions, type RecipeParts } from "./recipe.js";

type SkyPart = Pick<PathRecipe, "syncCosmicData" | "fetchCosmicData" | "refreshCosmicData" | "moonAt" | "syncAstrologyData" | "fetchAstrologyData">;

interface ChartsRow {
  birth_data: BirthData;
  natal_chart: unknown;
  transits: unknown;
  personal_trading: unknown;
  cached_at: string;
  transits_on: string | null;
}

export function skyOf({ tc, supabase }: RecipeParts): SkyPart {
  const write: PathRecipe["syncCosmicData"] = ({ location, astronomy }, date) => outcomeOf(tc, () =>
    put(tc, "cosmic_data_cache", { date }, { location, astronomy, cached_at: new Date().toISOString() }));
  const fetchOne = (date: string, stale: boolean) => cosmic(tc, date, stale);
  return {
    syncCosmicData: write,
    fetchCosmicData: (date, { stale = false } = {}) => fetchOne(date, stale),
    async refreshCosmicData(date, location) {
      const held = await fetchOne(date, true);
      if (held && !held.stale || !isOnline(tc)) return held;
      const sky = await askSky(supabase, { kind: "cosmic", date, location });
      if (!sky) return held;
      const found = { ...location, ...(sky["location"] as Location | undefined) };
      await write({ location: found, astronomy: (sky["astronomy"] as Record<string, unknown> | undefined) ?? sky }, date);
      return fetchOne(date, true);
    },
    moonAt: (at = new Date()) => callRecipe<Moon>("path", "sky", { at: at.toISOString() }),
    syncAstrologyData: (data, birthData) => outcomeOf(tc, () => writeCharts(tc, data, birthData)),
    fetchAstrologyData: () => charts(tc),
  };
}

async function cosmic(tc: Thermocline, date: string, stale: boolean): Promise<CosmicData | null> {
  const row = await readOne<CosmicData>(tc, `cosmic_data_cache?select=location,astronomy,cached_at&date=eq.${date}`);
  if (!row) return null;
  const { fresh } = callRecipe<{ fresh: boolean }>("path", "cosmic", { cached_at: row.cached_at, now: new Date().toISOString() });
  if (fresh) return row;
  return stale || !isOnline(tc) ? { ...row, stale: true } : null;
}

/** Null where the function is not there, or has nothing. */
async function askSky(supabase: EdgeFunctions, body: Record<string, unknown>): Promise<Record<string, unknown> | null> {
  const { data, error } = await supabase.functions.invoke("fetch_sky", { body });
  return error || typeof data !== "object" || data === null ? null : data as Record<string, unknown>;
}

async function writeCharts(tc: Thermocline, data: Parameters<PathRecipe["syncAstrologyData"]>[0], birth_data: BirthData) {
  const there = await readOne<ChartsRow>(tc, "astrology_data_cache?select=birth_data");
  const { today, now } = localTime();
  // Charts of other birth data are void: what is not given anew goes.
  const before = there && isSame(there.birth_data, birth_data) ? {} : { natal_chart: null, transits: null, personal_trading: null, transits_on: null };
  const given = { natal_chart: data.natalChart, transits: data.transits, personal_trading: data.personalTrading };
  const values = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const transits = data.transits === undefined ? {} : { transits_on: today };
  return put(tc, "astrology_data_cache", {}, { birth_data, cached_at: now, ...before, ...values, ...transits });
}

async function charts(tc: Thermocline): Promise<AstrologyData | null> {
  const [row, person] = await Promise.all([
    readOne<ChartsRow>(tc, "astrology_data_cache?select=birth_data,natal_chart,transits,personal_trading,cached_at,transits_on"),
    readOne<{ birth_data: BirthData | null }>(tc, "sovereign_path_data?select=birth_data"),
  ]);
  if (!row) return null;
  const holds = callRecipe<{ charts: boolean; transits: boolean }>("path", "astrology",
    { profile: person?.birth_data ?? null, birth_data: row.birth_data, transits_on: row.transits_on, ...localTime() });
  if (!holds.charts) return null;
  return { natalChart: row.natal_chart, transits: holds.transits ? row.transits : null, personalTrading: row.personal_trading, cached_at: row.cached_at };
}
