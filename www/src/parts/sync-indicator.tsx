/**
 * The one line that says, on every view, whether what is here is also on the server. Words, icon and
 * colour say the same. It is a polite live region: a screen reader hears changes when it is idle.
 */

import type { Status } from "thermocline";
import { useStatus } from "../state/live.ts";
import { href } from "../state/route.ts";
import { count, counted } from "../words.ts";
import { Icon, type IconName } from "./icon.tsx";

export type Health = "offline" | "syncing" | "refused" | "waiting" | "stopped" | "synced";

const ICONS: Record<Health, IconName> = {
  offline: "offline", syncing: "sync", refused: "refused", waiting: "waiting", stopped: "stopped", synced: "synced",
};

/** What matters most of a status: what needs the reader first, what is good news last. */
export function healthOf({ state, pending, refused, conflicts, error }: Status): Health {
  if (state === "offline" || state === "limited") return "offline";
  if (refused + conflicts > 0 || error?.code === "unauthorized") return "refused";
  if (state === "pushing" || state === "pulling") return "syncing";
  if (state === "stopped") return "stopped";
  return pending > 0 || state === "retry" ? "waiting" : "synced";
}

export function SyncIndicator() {
  const status = useStatus();
  const health = healthOf(status);
  return (
    <a class="indicator" data-health={health} href={href({ view: "sync" })} title="Open the sync page">
      <Icon name={ICONS[health]} />
      <span role="status" aria-live="polite">{words(health, status)}</span>
    </a>
  );
}

function words(health: Health, { state, pending, refused, conflicts, error }: Status): string {
  const waiting = pending > 0 ? ` · ${count(pending)} pending` : "";
  switch (health) {
    case "offline":
      return `${state === "limited" ? "Server out of reach" : "Offline"}${waiting}`;
    case "refused":
      if (refused > 0 && conflicts > 0) return `${count(refused + conflicts)} need you`;
      if (conflicts > 0) return counted(conflicts, "conflict");
      return refused > 0 ? `${count(refused)} refused` : error ? "Sign in again" : "Refused";
    case "syncing":
      return `Syncing${waiting}`;
    case "stopped":
      return `Sync is off${waiting}`;
    case "waiting":
      return pending > 0 ? `${count(pending)} pending` : "Trying again";
    case "synced":
      return "Synced";
  }
}
