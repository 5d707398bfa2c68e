/**
 * What went wrong, and what the reader can do about it. Every error that reaches a view passes here:
 * supabase-js's answers, Thermocline's codes and the browser's own.
 */

const SETTLED = "This has been settled already, here or in another tab.";

const ADVICE: Record<string, string> = {
  offline: "There is no connection. What you write is kept on this device and sent later.",
  timeout: "The server took too long to answer. Try again in a moment.",
  unauthorized: "The server no longer accepts this sign-in. Sign out and in again; unsent changes stay here until they are sent.",
  incompatible_server: "This Supabase project lacks Thermocline's tables. Its owner has to run the migration first.",
  quota_exceeded: "This device has no room left. Free some space, then save again: nothing was half written.",
  storage_blocked: "The browser does not let Daybook store anything here. Allow site data for this page, or leave private browsing.",
  storage_lost: "The browser has removed Daybook's data from this device. Reload: entries that were synced come back.",
  newer_version: "Another tab runs a newer Daybook. Reload this one.",
  unsupported_offline: "This needs the server. Try again when you are online.",
  unsynced_changes: "Some changes have not reached the server yet. Go online and let them be sent first.",
  locked: "The data on this device is locked. Sign in to open it.",
  "22001": "A text is longer than the server allows.",
  "22003": "A number is larger than the server allows.",
  "23502": "A required field is empty.",
  "23503": "It belongs to something that is no longer there.",
  "23505": "An entry like this one exists already.",
  "23514": "One of the values is outside what the server allows.",
  "42501": "The server does not allow this account to make that change.",
  hidden: "The entry was deleted elsewhere, or is no longer yours to change.",
  invalid_credentials: "No account has this e-mail address and password. Check both, or create an account.",
  user_already_exists: "There is an account with this e-mail address already. Sign in instead.",
  weak_password: "This password is too easy to guess. Use a longer one.",
  email_not_confirmed: "Confirm your e-mail address first: the link is in the message we sent you.",
};

/** One or two plain sentences for an error of any origin. */
export function explain(error: unknown): string {
  const { code, message, name } = fields(error);
  const advice = ADVICE[code];
  if (advice) return advice;
  if (/failed to fetch|networkerror|load failed/i.test(message) || name === "AuthRetryableFetchError") {
    return "The server cannot be reached. Check the connection and try again.";
  }
  if (/^no mutation .* is pending|^mutation .* waits to be sent|^another tab has settled/.test(message)) return SETTLED;
  return message || "Something unexpected happened. Try again; if it happens again, reload the page.";
}

/** Why the server did not take a change; its own words are shown beside this. */
export const reason = ({ code }: { code: string }): string => ADVICE[code] ?? "The server has a rule against this change.";

function fields(error: unknown): { code: string; message: string; name: string } {
  const { code, message, name } = Object(error) as Record<string, unknown>;
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  return { code: text(code), message: text(message), name: text(name) };
}
