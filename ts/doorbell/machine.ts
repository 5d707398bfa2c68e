/**
 * How the doorbell is listened to: events in, effects out. No socket, no clock, no dice in here.
 *
 *   out ──wanted──▶ asking ──token──▶ opening ──opened──▶ joining ──joined──▶ joined
 *                    ▲   └───────────────┴────── failed ─────┴── lost ─────────┘
 *                    └────── due, woke ────── waiting ◀──┘
 *
 * One channel a socket: what ends the channel ends the socket, and the next one joins with a token that is asked for anew.
 * Invariant: whatever is heard has no effect but to ring, so nothing heard, lost, repeated or forged can do more than
 * move the moment of the next pull.
 */
import { heartbeat, join, meaningOf, renewal } from "./wire.js";
import type { Listener, Message } from "./wire.js";
import type { Access } from "./token.js";

/** Longest that a token, a socket, a join may take. */
export const ASK_MS = 60_000;
export const OPEN_MS = 15_000;
export const JOIN_MS = 15_000;
/** Between two heartbeats. Each asks for the token too, and the engine refreshes one that ends within 30 s. */
export const BEAT_MS = 25_000;
/** Longest that a heartbeat may stay unanswered; after a sleep the line is likely to be dead. */
export const ANSWER_MS = 10_000;
export const WAKE_MS = 4_000;
/** A subscription says that it works before it does: this much later is pulled again (PITFALLS 11). */
export const AGAIN_MS = 5_000;
/** A token of a short life is asked for anew when less than this is left of it, or less than a quarter. */
const MARGIN_MS = 20_000;
const LEAST_BEAT_MS = 2_000;
/** Waiting after failures: doubled each time, half to one and a half times as long. */
const FIRST_WAIT_MS = 1_000;
export const LONGEST_WAIT_MS = 5 * 60_000;

/** What lasts from one phase to the next. */
interface Line {
  listener: Listener;
  /** In a row; none once a channel has lasted. */
  failures: number;
  /** Whether the user's own channel is tried; where the server has no policy for it, changes of rows still ring. */
  guarded: boolean;
}

export type State =
  | { phase: "out" }
  | ({ phase: "waiting" | "asking"; until: number } & Line)
  | ({ phase: "opening" | "joining"; until: number; access: Access } & Line)
  | ({ phase: "joined"; access: Access; beatAt: number; answerBy: number | null; againAt: number | null } & Line);

type Joined = Extract<State, { phase: "joined" }>;
type Busy = Exclude<State, { phase: "out" }>;

export type Event =
  /** Null: nobody is to listen. Sync is off, nobody is signed in, or another tab listens. */
  | { kind: "wanted"; listener: Listener | null }
  /** Online again, in front again, thawed: what was known of the line is old. */
  | { kind: "woke" }
  /** Null: there is none that a user has. */
  | { kind: "token"; access: Access | null }
  | { kind: "opened" }
  | { kind: "closed" }
  | { kind: "heard"; message: Message }
  /** The time of `dueAt` has come. */
  | { kind: "due" };

export type Effect =
  /** For the session's access token; answered by `token`. */
  | { kind: "ask" }
  | { kind: "open" }
  | { kind: "close" }
  | { kind: "send"; text: string }
  | { kind: "ring"; xid: string | undefined };

export type Step = [State, Effect[]];
/** Milliseconds since 1970, and a number from 0 to 1 that nobody can foresee. */
export interface Moment {
  now: number;
  dice: number;
}

export const OUT: State = { phase: "out" };
const RING: Effect = { kind: "ring", xid: undefined };
const CLOSE: Effect = { kind: "close" };
const ASK: Effect = { kind: "ask" };

export function step(state: State, event: Event, moment: Moment): Step {
  if (event.kind === "wanted") return wanted(state, event.listener, moment);
  switch (state.phase) {
    case "out":
      return [state, []];
    case "waiting":
      return event.kind === "woke" || event.kind === "due" ? ask(state, moment) : [state, []];
    case "asking":
      if (event.kind === "token") return open(state, event.access, moment);
      return event.kind === "due" ? fail(state, moment) : [state, []];
    case "opening":
      if (event.kind === "opened") return enter(state, moment);
      return event.kind === "closed" || event.kind === "due" ? fail(state, moment) : [state, []];
    case "joining":
      if (event.kind === "heard") return answered(state, event.message, moment);
      return event.kind === "closed" || event.kind === "due" ? fail(state, moment) : [state, []];
    case "joined":
      return listen(state, event, moment);
  }
}

/** When `due` is to come; null: never. */
export function dueAt(state: State): number | null {
  if (state.phase === "out") return null;
  if (state.phase !== "joined") return state.until;
  return Math.min(state.beatAt, state.answerBy ?? Infinity, state.againAt ?? Infinity);
}

function wanted(state: State, listener: Listener | null, moment: Moment): Step {
  const close = hasSocket(state) ? [CLOSE] : [];
  if (listener === null) return [OUT, close];
  if (state.phase !== "out" && isSame(state.listener, listener)) return [state, []];
  const [asking, effects] = ask({ listener, failures: 0, guarded: true }, moment);
  return [asking, [...close, ...effects]];
}

const hasSocket = ({ phase }: State) => phase === "opening" || phase === "joining" || phase === "joined";

const isSame = (one: Listener, other: Listener) =>
  one.user === other.user && one.tables.length === other.tables.length && one.tables.every((table, n) => table === other.tables[n]);

const lineOf = ({ listener, failures, guarded }: Line): Line => ({ listener, failures, guarded });

const ask = (line: Line, { now }: Moment): Step => [{ ...lineOf(line), phase: "asking", until: now + ASK_MS }, [ASK]];

function open(line: Line, access: Access | null, moment: Moment): Step {
  if (access?.user !== line.listener.user) return wait(line, moment);
  return [{ ...lineOf(line), phase: "opening", access, until: moment.now + OPEN_MS }, [{ kind: "open" }]];
}

function enter(state: Extract<State, { access: Access }>, { now }: Moment): Step {
  const text = join(state.listener, state.guarded, state.access.token);
  return [{ ...lineOf(state), phase: "joining", access: state.access, until: now + JOIN_MS }, [{ kind: "send", text }]];
}

function answered(state: Extract<State, { access: Access }>, message: Message, moment: Moment): Step {
  const heard = meaningOf(message, state.listener, state.guarded);
  switch (heard.means) {
    case "joined": {
      const { now } = moment;
      const beatAt = nextBeat(state.access, now);
      return [{ ...lineOf(state), phase: "joined", access: state.access, beatAt, answerBy: null, againAt: now + AGAIN_MS }, [RING]];
    }
    case "refused":
      // Where the policy on realtime.messages is missing; any other reason is not the channel's.
      return fail({ ...state, guarded: !(state.guarded && heard.why.startsWith("Unauthorized")) }, moment);
    case "shut":
      return fail(state, moment);
    case "subscribed":
    case "rang":
    case "alive":
      return [state, []];
  }
}

function listen(state: Joined, event: Exclude<Event, { kind: "wanted" }>, moment: Moment): Step {
  switch (event.kind) {
    case "woke":
      return beat(state, WAKE_MS, moment);
    case "token":
      return renew(state, event.access, moment);
    case "opened":
      return [state, []];
    case "closed":
      return lose(state, moment);
    case "heard":
      return hear(state, event.message, moment);
    case "due":
      return tick(state, moment);
  }
}

function hear(state: Joined, message: Message, moment: Moment): Step {
  const alive: Joined = { ...state, answerBy: null };
  const heard = meaningOf(message, state.listener, state.guarded);
  switch (heard.means) {
    case "shut":
      return lose(state, moment);
    case "subscribed":
      return [alive, [RING]];
    case "rang":
      return [alive, [{ kind: "ring", xid: heard.xid }]];
    case "joined":
    case "refused":
    case "alive":
      return [alive, []];
  }
}

function tick(state: Joined, moment: Moment): Step {
  const { now } = moment;
  if (state.answerBy !== null && now >= state.answerBy) return lose(state, moment);
  const isAgain = state.againAt !== null && now >= state.againAt;
  const lasting: Joined = isAgain ? { ...state, againAt: null, failures: 0 } : state;
  const isDue = now >= state.beatAt || state.beatAt > now + BEAT_MS; // or the clock was set back
  const [next, effects] = isDue ? beat(lasting, now - state.beatAt > BEAT_MS ? WAKE_MS : ANSWER_MS, moment) : [lasting, []];
  return [next, isAgain ? [RING, ...effects] : effects];
}

/** Whether the server is still there, and whether the session has a newer token. */
function beat(state: Joined, answerMs: number, { now }: Moment): Step {
  const answerBy = Math.min(state.answerBy ?? Infinity, now + answerMs);
  return [{ ...state, beatAt: nextBeat(state.access, now), answerBy }, [{ kind: "send", text: heartbeat() }, ASK]];
}

/** A token that ends before the next regular heartbeat is asked about earlier. */
function nextBeat({ ends }: Access, now: number): number {
  const left = ends - now;
  if (left <= 0) return now + BEAT_MS; // the clocks disagree
  return now + Math.min(BEAT_MS, Math.max(LEAST_BEAT_MS, left - Math.min(MARGIN_MS, left / 4)));
}

function renew(state: Joined, access: Access | null, { now }: Moment): Step {
  if (access?.user !== state.listener.user || access.token === state.access.token) return [state, []];
  const text = renewal(state.listener, state.guarded, access.token);
  const beatAt = Math.min(state.beatAt, nextBeat(access, now));
  return [{ ...state, access, beatAt }, [{ kind: "send", text }]];
}

/** A channel that was there is gone. The next one tries for the user's own again. */
const lose = (state: Joined, moment: Moment): Step => fail({ ...state, guarded: true }, moment);

function fail(state: Busy, moment: Moment): Step {
  const [waiting] = wait(state, moment);
  return [waiting, hasSocket(state) ? [CLOSE] : []];
}

function wait(line: Line, { now, dice }: Moment): Step {
  const { listener, failures, guarded } = line;
  const ms = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures * (0.5 + dice));
  return [{ listener, failures: Math.min(failures + 1, 20), guarded, phase: "waiting", until: now + ms }, []];
}
