/**
 * Where in the app the reader is, as the address's fragment says: every address works offline and from
 * a bookmark, and Back is the browser's own.
 */

import { RECIPE_NAMES, type RecipeName } from "../recipe-names.ts";
import { createStore } from "./store.ts";

export type Route =
  | { view: "entries"; entry: string | null }
  | { view: "data" }
  /** `rest`: the recipe's own places. */
  | { view: RecipeName; rest: string[] }
  /** `change`: the one in the outbox to go to. */
  | { view: "sync"; change?: string };

/** The entry that has not been written yet. */
export const NEW = "new";

export const route = createStore<Route>(parse(location.hash));

addEventListener("hashchange", () => route.set(parse(location.hash)));

function parse(hash: string): Route {
  const [view = "", ...rest] = hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decodeURIComponent);
  const [entry] = rest;
  const recipe = RECIPE_NAMES.find((name) => name === view);
  if (recipe) return { view: recipe, rest };
  if (view === "data") return { view };
  if (view === "sync") return entry ? { view, change: entry } : { view };
  return { view: "entries", entry: entry ?? null };
}

export function href(to: Route): string {
  if (to.view === "sync" && to.change !== undefined) return `#/sync/${encodeURIComponent(to.change)}`;
  if ("rest" in to) return `#/${[to.view, ...to.rest].map(encodeURIComponent).join("/")}`;
  if (to.view !== "entries") return `#/${to.view}`;
  return to.entry === null ? "#/entries" : `#/entries/${encodeURIComponent(to.entry)}`;
}

export function go(to: Route, how: "push" | "replace" = "push"): void {
  if (how === "replace") {
    history.replaceState(null, "", href(to));
    route.set(to);
  } else {
    location.hash = href(to);
  }
}
