/**
 * A status in the reader's words: how things stand, what that means for what they wrote, and what to do where something is
 * needed. Health is the age of the oldest change that the server has not answered, not the state of a connection.
 */

import type { Status } from "thermocline";
import { explain } from "./failures.ts";
import { age, counted } from "./words.ts";

type Health = "offline" | "syncing" | "needy" | "waiting" | "stopped" | "synced";

/** What matters most of a status: what needs the reader first, what is good news last. */
function healthOf({ state, pending, refused, conflicts, attention, error }: Status): Health {
  if (state === "offline" || state === "limited") return "offline";
  if (refused + conflicts > 0 || attention.length > 0 || error?.code === "unauthorized") return "needy";
  if (state === "pushing" || state === "pulling") return "syncing";
  if (state === "stopped") return "stopped";
  return pending > 0 || state === "retry" ? "waiting" : "synced";
}

const HEADINGS: Record<Health, string> = {
  offline: "Offline",
  syncing: "Syncing",
  needy: "Something needs you",
  waiting: "Waiting to be sent",
  stopped: "Sync is off",
  synced: "Everything is synced",
};

export const heading = (status: Status): string => HEADINGS[healthOf(status)];

export function sentence({ state, pending, refused, conflicts, retryAt }: Status, now: number): string {
  if (state === "stopped") return "Entries stay on this device only. Changes are kept and sent once you turn sync on again.";
  if (state === "offline") return "There is no network. You can go on working: changes are kept here and sent later.";
  if (state === "limited") return "There is a network, but the server does not answer. Changes are kept here and sent later.";
  if (refused > 0) return "The server did not take some of your changes. They are listed below with its reasons; nothing is lost.";
  if (conflicts > 0) return "Some entries were changed here and elsewhere. They are listed below; which one stands is yours to say.";
  if (state === "pushing") return "Sending your changes.";
  if (state === "pulling") return "Fetching what changed elsewhere.";
  if (state === "retry") {
    const seconds = retryAt === null ? 0 : Math.max(0, Math.round((retryAt - now) / 1_000));
    return `The last try did not work.${seconds > 0 ? ` The next one is in ${counted(seconds, "second")}.` : ""}`;
  }
  return pending > 0 ? "Your changes are safe on this device and are sent in a moment." : "What you see here is also on the server.";
}

/** What has gone wrong and what to do about it; empty is good. */
export function advice({ attention, error, oldestPending }: Status, now: number): string[] {
  const found: string[] = [];
  if (attention.includes("overdue") && oldestPending !== null) {
    const made = age(oldestPending, now);
    found.push(`A change you made ${made} has not reached the server, though there is a network. It is safe here. Press “Sync now”; if it stays, ask whoever runs the server.`);
  }
  const failing = attention.includes("failing") ? "Three tries in a row did not work; Daybook goes on trying." : "";
  if (error || failing) found.push([error && explain(error), failing].filter(Boolean).join(" "));
  return found;
}

/** How long the oldest change has waited. */
export const oldest = ({ oldestPending }: Status, now: number): string => (oldestPending === null ? "none" : age(oldestPending, now));

/** When the tables were last found to be as the server has them, or were mended. */
export const compared = ({ audits }: Status, now: number): string =>
  audits.length === 0 ? "not yet" : age(Math.min(...audits.map(({ ended }) => ended)), now);
