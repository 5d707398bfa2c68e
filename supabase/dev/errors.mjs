// Database errors as hosted PostgREST answers them: lite turns those it does not know into 500 `SUP` and prints them.
import { STATUS_CODES } from 'node:http';

/** PostgREST's statuses for SQLSTATEs that lite does not map; the longest matching beginning counts. */
const STATUS = {
  '08': 503, 23514: 400, '25': 500, '40': 500, '53': 503, '54': 500, '57': 500, '57P01': 503, '58': 500,
  P0001: 400, P0: 500, XX: 500,
};
/** Errors that were answered to a client: not the server's trouble, so not printed. */
const answered = new WeakSet();

/** @param {string} code */
function statusOf(code) {
  const known = Object.keys(STATUS).filter((start) => code.startsWith(start)).sort((a, b) => b.length - a.length)[0];
  return known && STATUS[known];
}

/**
 * Makes a lite connection's errors PostgREST's, and lite quiet about them.
 * @param {{ normalizeDbError(error: unknown): any }} connection
 */
export function speakPostgrest(connection) {
  const normalize = connection.normalizeDbError.bind(connection);
  connection.normalizeDbError = (thrown) => {
    let error = normalize(thrown);
    const status = typeof error?.code === 'string' ? statusOf(error.code) : undefined;
    if (status) {
      const body = { code: error.code, message: error.message, details: error.detail ?? null, hint: error.hint ?? null };
      error = { code: 'PGRST', message: JSON.stringify(body), detail: JSON.stringify({ status, status_text: STATUS_CODES[status], headers: {} }) };
    }
    if (typeof error === 'object' && error !== null && typeof error.code === 'string') answered.add(error);
    return error;
  };
}

const print = console.error;
console.error = (...values) => {
  if (!answered.has(values[0])) print(...values);
};
