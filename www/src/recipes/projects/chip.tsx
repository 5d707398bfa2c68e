/** Small marks: a row's sync state, a health score as a dial. */

import type { SyncStatus } from "thermocline/recipes/projects";

const WORDS: Record<SyncStatus, string> = {
  local: "local", pending: "pending", syncing: "sending", synced: "synced", conflict: "conflict", error: "refused",
};
const KINDS: Record<SyncStatus, string> = {
  local: "same", pending: "sent", syncing: "sent", synced: "same", conflict: "conflict", error: "refused",
};

export function SyncChip({ status }: { status: SyncStatus }) {
  return <span class="pill" data-state={KINDS[status]}>{WORDS[status]}</span>;
}

/** From 0 to 100; null: not judged. */
export function HealthDial({ score }: { score: number | null }) {
  const kind = score === null ? "none" : score < 40 ? "bad" : score < 60 ? "wait" : "good";
  return (
    <span class="dial" data-kind={kind} style={{ "--score": score ?? 0 }} role="img" aria-label={score === null ? "Health: not judged" : `Health ${score} of 100`}>
      <span aria-hidden="true">{score ?? "–"}</span>
    </span>
  );
}
