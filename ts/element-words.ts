/** What `<thermocline-status>` says of a status: which state it shows, and in which words. Texts are the app's to replace. */
import type { AttentionCause, Status } from "./types.js";

/** A text, or one for each plural form of the language (`one`, `few`, `other` and so on). Names in braces are filled in. */
export type Word = string | ({ other: string } & Partial<Record<Intl.LDMLPluralRule, string>>);

/** The states, which are also what `data-state` says of the element, and everything beside them. */
export interface Words {
  synced: Word;
  sending: Word;
  fetching: Word;
  waiting: Word;
  retrying: Word;
  offline: Word;
  limited: Word;
  stopped: Word;
  attention: Word;
  /** `{count}` changes that the server has not answered. */
  pending: Word;
  /** The last round ended `{ago}`. */
  last: Word;
  /** `{count}` of `{total}` changes of this round are sent. */
  sent: Word;
  /** `{count}` rows of this round are here. */
  received: Word;
  refused: Word;
  conflict: Word;
  /** The oldest change that waits was made `{ago}`. */
  overdue: Word;
  failing: Word;
  /** Sync fails because the session has ended. */
  unauthorized: Word;
}

export const ENGLISH: Words = {
  synced: "Synced",
  sending: "Sending",
  fetching: "Fetching",
  waiting: "Waiting to be sent",
  retrying: "Trying again",
  offline: "Offline",
  limited: "Server out of reach",
  stopped: "Sync is off",
  attention: "Needs you",
  pending: "{count} pending",
  last: "synced {ago}",
  sent: "{count} of {total} sent",
  received: { one: "{count} row fetched", other: "{count} rows fetched" },
  refused: "{count} refused",
  conflict: { one: "{count} conflict", other: "{count} conflicts" },
  overdue: "Unsent change from {ago}",
  failing: "Sync keeps failing",
  unauthorized: "Sign in again",
};

export type ShownState = "synced" | "sending" | "fetching" | "waiting" | "retrying" | "offline" | "limited" | "stopped" | "attention";

/** What the element shows. */
export interface Said {
  state: ShownState;
  /** The state in words. */
  headline: string;
  /** What goes with it: how many wait, how far a long round has come, when the last one ended. */
  detail: string;
  /** How many wait; empty: none. */
  pending: string;
  /** What needs a person; empty: nothing does. */
  attention: string;
  /** That something does. */
  needy: string;
  /** Of a long round that sends. */
  progress: { sent: number; total: number } | null;
}

/** A round is long if it sends more than a batch, or brings more than a page: others are over before they are read. */
const LONG_SENDING = 200;
const LONG_FETCHING = 1_000;
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]];

export function say(status: Status, words: Words, lang: string | undefined, now: number): Said {
  const fill = filler(lang);
  const ago = (time: number): string => agoOf(time, now, lang);
  const state = stateOf(status);
  const { pending, progress, lastPush, lastPull } = status;
  const sending = progress && progress.toSend > LONG_SENDING ? { sent: progress.sent, total: progress.toSend } : null;
  const details: string[] = [];
  if (sending) details.push(fill(words.sent, sending.sent, { total: number(sending.total, lang) }));
  else if (progress && progress.received > LONG_FETCHING) details.push(fill(words.received, progress.received));
  const waiting = pending > 0 ? fill(words.pending, pending) : "";
  if (waiting && !sending) details.push(waiting);
  const last = Math.max(lastPush ?? 0, lastPull ?? 0);
  if (last > 0) details.push(fill(words.last, 0, { ago: ago(last) }));
  const { oldestPending, refused, conflicts, error } = status;
  const causes: Record<AttentionCause, () => string> = {
    refused: () => fill(words.refused, refused),
    conflict: () => fill(words.conflict, conflicts),
    overdue: () => fill(words.overdue, 0, { ago: ago(oldestPending ?? now) }),
    failing: () => fill(error?.code === "unauthorized" ? words.unauthorized : words.failing),
  };
  const attention = causesOf(status).map((cause) => causes[cause]()).join(" · ");
  const needy = fill(words.attention);
  return { state, headline: fill(words[state]), detail: details.join(" · "), pending: waiting, attention, needy, progress: sending };
}

/** What needs a person, as far as the status says. */
export function causesOf({ attention, refused, conflicts, error }: Status): AttentionCause[] {
  const is: Record<AttentionCause, boolean> = {
    refused: refused > 0,
    conflict: conflicts > 0,
    overdue: attention.includes("overdue"),
    failing: attention.includes("failing") || error?.code === "unauthorized",
  };
  return (Object.keys(is) as AttentionCause[]).filter((cause) => is[cause]);
}

function stateOf({ state, pending, refused, conflicts }: Status): ShownState {
  switch (state) {
    case "pushing":
      return "sending";
    case "pulling":
      return "fetching";
    case "retry":
      return "retrying";
    case "idle":
      if (pending > 0) return "waiting";
      return refused + conflicts > 0 ? "attention" : "synced";
    default:
      return state;
  }
}

const number = (value: number, lang: string | undefined): string => new Intl.NumberFormat(lang).format(value);

function filler(lang: string | undefined) {
  return (word: Word, count = 0, more: Record<string, string> = {}): string => {
    const text = typeof word === "string" ? word : (word[new Intl.PluralRules(lang).select(count)] ?? word.other);
    const values: Record<string, string> = { count: number(count, lang), ...more };
    return text.replace(/\{(\w+)\}/g, (name, key: string) => values[key] ?? name);
  };
}

/** “3 minutes ago”, in the language of the page; the last minute is “now”. */
function agoOf(time: number, now: number, lang: string | undefined): string {
  const passed = Math.max(0, now - time);
  const [unit, ms] = STEPS.find(([, step]) => passed >= step) ?? ["second", Infinity];
  return new Intl.RelativeTimeFormat(lang, { numeric: "auto" }).format(-Math.floor(passed / ms), unit);
}
