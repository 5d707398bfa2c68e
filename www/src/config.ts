/**
 * Which Supabase project this page works with. Owns finding it: from the build (VITE_SUPABASE_URL and
 * VITE_SUPABASE_KEY), else from /config.json of the server that serves the page, else from the copy of
 * that answer kept for offline starts. The page and the service worker read it the same way.
 */

export interface Config {
  url: string;
  key: string;
  /** The recipes that the project has installed; default: none. */
  recipes?: string[];
  /** Only the demo server names one: the page then signs in by itself. */
  demo?: { email: string; password: string };
}

/** The project has not been named anywhere this page can look. */
class NotConfigured extends Error {
  override name = "NotConfigured";
}

const ADDRESS = "/config.json";
const COPY = "daybook-config";
const WAIT_MS = 2_000;

export async function readConfig(): Promise<Config> {
  const { VITE_SUPABASE_URL: url, VITE_SUPABASE_KEY: key, VITE_RECIPES: recipes = "" } = import.meta.env;
  if (url && key) return { url, key, recipes: recipes.split(",") };
  const answer = (await fromServer()) ?? (await caches.match(ADDRESS, { cacheName: COPY }));
  if (!answer) {
    throw new NotConfigured("Daybook does not know which Supabase project to use, and the server that would say so is out of reach.");
  }
  return parse(await answer.json());
}

async function fromServer(): Promise<Response | null> {
  try {
    const answer = await fetch(ADDRESS, { cache: "no-store", signal: AbortSignal.timeout(WAIT_MS) });
    if (!answer.ok || !answer.headers.get("content-type")?.includes("json")) return null;
    const copies = await caches.open(COPY);
    await copies.put(ADDRESS, answer.clone());
    return answer;
  } catch {
    return null; // offline: the kept copy answers
  }
}

function parse(value: unknown): Config {
  const { url, key, recipes = [], demo } = value as Partial<Config>;
  if (typeof key !== "string" || key === "") {
    throw new NotConfigured("/config.json names no key. It should read {\"url\": …, \"key\": …}; leave url out to use this page's own address.");
  }
  // The demo server is its own Supabase: no address means the page's origin.
  return { url: url ?? location.origin, key, recipes, ...(demo ? { demo } : {}) };
}
