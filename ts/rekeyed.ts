/** Rows whose natural key the server had under another id: told once to each page, those from before it was opened too. */
import type { Engine } from "../wasm/thermocline.js";
import type { Rekeyed, Status } from "./types.js";

export function rekeyings(engine: Engine): (now: Status) => Rekeyed[] {
  const known = new Set<string>();
  let looked: number | null = null;
  return ({ lastPush }) => {
    // It comes with the answer to a push.
    if (lastPush === null || looked === lastPush) return [];
    looked = lastPush;
    const news = (JSON.parse(engine.rekeyed()) as Rekeyed[]).filter(({ table, from }) => !known.has(`${table}/${from}`));
    for (const { table, from } of news) known.add(`${table}/${from}`);
    return news;
  };
}
