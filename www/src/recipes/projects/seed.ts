/**
 * A real public data set as an older store: the areas of the web platform are projects, their features todos, from
 * @mdn/browser-compat-data (CC0) as www/build/dataset.mjs has it. A feature that all three engines have is done, on the day the last of them
 * got it; its years on the way are its hours. Nothing is invented: what the data does not know is left out.
 */

interface Feature {
  slug: string;
  title: string;
  tags: string[];
  amount: number | null;
  status: string;
  happened_on: string | null;
  meta: { support?: Record<string, unknown> };
}

const ADDRESS = "/browser-features.json";
const AREAS = 8;
const FEATURES = 18;
const YEAR_MS = 365.25 * 86_400_000;

export async function exampleStore(): Promise<object> {
  const answer = await fetch(ADDRESS);
  if (!answer.ok) throw new Error("The data set could not be read. Open Daybook once while online, then it is kept for offline use.");
  const { rows } = (await answer.json()) as { rows: Feature[] };
  const byArea = new Map<string, Feature[]>();
  for (const row of rows.filter(({ happened_on }) => happened_on !== null)) {
    const area = row.tags[0] ?? "other";
    byArea.set(area, [...(byArea.get(area) ?? []), row]);
  }
  const areas = [...byArea].sort(([, a], [, b]) => b.length - a.length).slice(0, AREAS)
    .map(([area, features]) => [area, features.toSorted((a, b) => (a.happened_on! < b.happened_on! ? 1 : -1)).slice(0, FEATURES)] as const);
  return {
    projects: areas.map(([area, features]) => projectOf(area, features)),
    todos: areas.flatMap(([area, features]) => features.map((feature) => todoOf(area, feature))),
    weeklyGoals: [],
  };
}

function projectOf(area: string, features: readonly Feature[]): object {
  const done = features.filter(({ status }) => status === "done").length;
  const days = features.map(({ happened_on }) => happened_on!).sort();
  return {
    id: area, title: `${area} on the web platform`, why: area === "api" ? "" : `What every browser has of ${area} can be used without a second thought.`,
    status: "active", priority: "medium", progress: Math.round((100 * done) / features.length), createdAt: `${days[0]}T00:00:00Z`,
  };
}

/** How far it has come: in how many of the engines it is. */
const STATES = ["dumped", "matched", "refined", "confirmed"];

function todoOf(area: string, { slug, title, amount, status, happened_on, meta }: Feature): object {
  const begun = `${happened_on}T00:00:00Z`;
  const engines = Object.values(meta.support ?? {}).filter((one) => typeof (one as { since?: unknown }).since === "string").length;
  const isDone = status === "done";
  return {
    id: slug, projectId: area, title, priority: "medium", createdAt: begun,
    status: isDone ? "done" : STATES[Math.min(engines, STATES.length - 1)],
    estimatedHours: amount !== null && amount > 0 ? amount : 1,
    ...(isDone ? { completedAt: new Date(Date.parse(begun) + (amount ?? 0) * YEAR_MS).toISOString() } : {}),
  };
}
