/** The sync page: what waits to be sent, what was refused and why, what this device holds, and the switch. */

import type { Status } from "thermocline";
import { useState } from "preact/hooks";
import { useBackend } from "../backend.ts";
import { explain } from "../failures.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Notice } from "../parts/notice.tsx";
import { OutboxList } from "../parts/outbox-list.tsx";
import { StorageReport } from "../parts/storage-report.tsx";
import { SyncCard } from "../parts/sync-card.tsx";
import { useStatus } from "../state/live.ts";
import { signOut } from "../state/session.ts";
import { counted } from "../words.ts";

/** `change`: the one in the outbox to go to. */
export function SyncView({ email, change }: { email: string | null; change: string | undefined }) {
  const status = useStatus();
  return (
    <div class="page">
      <h1>Sync</h1>
      <SyncCard status={status} />
      <OutboxList change={change} />
      <StorageReport status={status} />
      <Account email={email} />
    </div>
  );
}

/** What a reader who wants to leave is asked about: as it was then, since a question does not change while it is read. */
interface Unsent {
  count: number;
  canBeSent: boolean;
}

const unsentOf = ({ pending, refused, conflicts, state }: Status): Unsent =>
  ({ count: pending + refused + conflicts, canBeSent: pending > 0 && state !== "stopped" });

function Account({ email }: { email: string | null }) {
  const backend = useBackend();
  const [asking, setAsking] = useState<Unsent | null>(null);
  const [leaving, setLeaving] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const leave = async (choice?: "send" | "keep" | "discard"): Promise<void> => {
    setAsking(null);
    setLeaving(true);
    setProblem(null);
    try {
      if (choice === "send") await backend.tc.sync.flushed();
      await signOut(backend, choice === "send" ? undefined : choice);
    } catch (error) {
      if ((error as { code?: string }).code === "unsynced_changes") setAsking(unsentOf(backend.tc.status()));
      else setProblem(explain(error));
    } finally {
      setLeaving(false);
    }
  };
  return (
    <section class="card" aria-labelledby="account">
      <h2 id="account">Account</h2>
      <p>{email === null ? "You are signed in on this device." : <>Signed in as <strong>{email}</strong>.</>}</p>
      {problem && <Notice kind="bad">{problem}</Notice>}
      <div class="actions">
        <button type="button" class="button" disabled={leaving} onClick={() => void leave()}>{leaving ? "Signing out…" : "Sign out"}</button>
      </div>
      {asking && (
        <Confirm title="Sign out with unsent changes?" action="Discard them and sign out" onConfirm={() => void leave("discard")} onCancel={() => setAsking(null)}
          others={[
            ...(asking.canBeSent ? [{ action: "Send them now, then sign out", onChoose: () => void leave("send") }] : []),
            { action: "Keep them here and sign out", onChoose: () => void leave("keep") },
          ]}>
          <p>{counted(asking.count, "change")} {asking.count === 1 ? "has" : "have"} not reached the server. Kept on this device, out of sight, {asking.count === 1 ? "it is" : "they are"} sent when you sign in again.</p>
        </Confirm>
      )}
    </section>
  );
}
