// The rows that every store keeps: 200 to 300 bytes as JSON, the same in each.

export interface Note {
  id: string;
  user_id: string;
  title: string;
  body: string;
  status: string;
  score: number;
  at: string;
}

export const STATUSES = ["open", "done", "later", "dropped"];
const WORDS = "amber basin cedar delta ember fjord grove haven inlet jetty knoll ledge marsh north ocean prairie".split(" ");
const FIRST = Date.UTC(2026, 0, 1);

/** When the nth row is: one a minute, as PostgREST writes it. */
export const timeOf = (n: number) => new Date(FIRST + n * 60_000).toISOString().replace(".000Z", "+00:00");

/** Rows with fresh ids, otherwise the same at each call. */
export function makeRows(count: number, user: string): Note[] {
  return Array.from({ length: count }, (_, n) => ({
    id: crypto.randomUUID(),
    user_id: user,
    title: `${words(n, 3)} ${n}`,
    body: words(n * 7, 6 + (n % 5)),
    status: STATUSES[n % STATUSES.length]!,
    score: (n * 37) % 1000,
    at: timeOf(n),
  }));
}

const words = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => WORDS[(from + n * n) % WORDS.length]).join(" ");
