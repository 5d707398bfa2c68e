// The rows that every store keeps: 200 to 300 bytes as JSON, the same in each. Used by the page and by the server.

/**
 * @typedef {{ id: string, user_id: string, title: string, body: string, status: string, score: number, at: string }} Note
 */

export const STATUSES = ['open', 'done', 'later', 'dropped']
/** Rows of one score among a thousand. */
export const SCORES = 1_000
const WORDS = 'amber basin cedar delta ember fjord grove haven inlet jetty knoll ledge marsh north ocean prairie'.split(' ')
/** Where the rows end, however many: one a minute before it. */
const END = Date.UTC(2026, 9, 1)

/** When the nth of so many rows is, as PostgREST writes it. @param {number} n @param {number} count */
export const timeOf = (n, count) => new Date(END + (n - count) * 60_000).toISOString().replace('.000Z', '+00:00')

/** The nth of so many rows. @param {number} n @param {number} count @param {string} id @param {string} user @returns {Note} */
export function noteOf(n, count, id, user) {
  return {
    id,
    user_id: user,
    title: `${words(n, 3)} ${n}`,
    body: words(n * 7, 6 + (n % 5)),
    status: STATUSES[n % STATUSES.length] ?? '',
    score: (n * 37) % SCORES,
    at: timeOf(n, count),
  }
}

/** @param {number} from @param {number} count */
const words = (from, count) => Array.from({ length: count }, (_, n) => WORDS[(from + n * n) % WORDS.length]).join(' ')
