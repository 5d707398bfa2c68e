/** A reading, as the recipe's logic takes it. */
import { ThermoclineError } from "../errors.js";
import type { Reading } from "./context-types.js";

/** What of a reading its row is made of, but for the time. */
export const readingFields = ({ focus, energy, mood, activity, source }: Reading): object => ({ focus, energy, mood, activity, source });

/** What a sensor says. */
export interface Sensed {
  focus: number;
  energy: number;
  mood: string;
  activity: string;
}

export const sensedOf = ({ focus, energy, mood, activity }: Reading): Sensed =>
  ({ focus, energy, mood: mood.trim().toLowerCase(), activity: activity.trim().toLowerCase() });

/** When it was, and how far local clocks were ahead of UTC then. Only a missing timestamp becomes now. */
export function whenOf({ timestamp = Date.now(), utcOffsetMin }: Pick<Reading, "timestamp" | "utcOffsetMin">): { recorded_at: string; utc_offset_min: number } {
  const at = new Date(timestamp);
  if (Number.isNaN(at.getTime())) {
    throw new ThermoclineError("invalid_request", `the timestamp ${String(timestamp)} is none: give milliseconds since 1970, a Date or an ISO timestamp`);
  }
  return { recorded_at: at.toISOString(), utc_offset_min: utcOffsetMin ?? -at.getTimezoneOffset() };
}
