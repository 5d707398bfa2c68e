/** The sync page: what waits to be sent, what was refused and why, what this device holds, and the switch. */

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
      <Account email={email} pending={status.pending} />
    </div>
  );
}

function Account({ email, pending }: { email: string | null; pending: number }) {
  const backend = useBackend();
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const leave = (): void => {
    setAsking(false);
    signOut(backend).catch((error: unknown) => setProblem(explain(error)));
  };
  return (
    <section class="card" aria-labelledby="account">
      <h2 id="account">Account</h2>
      <p>{email === null ? "You are signed in on this device." : <>Signed in as <strong>{email}</strong>.</>}</p>
      {problem && <Notice kind="bad">{problem}</Notice>}
      <div class="actions">
        <button type="button" class="button" onClick={() => pending > 0 ? setAsking(true) : leave()}>Sign out</button>
      </div>
      {asking && (
        <Confirm title="Sign out with unsent changes?" action="Sign out" onConfirm={leave} onCancel={() => setAsking(false)}>
          <p>{counted(pending, "change")} {pending === 1 ? "has" : "have"} not reached the server. Signing out removes this device's copy. Go online and sync first to keep {pending === 1 ? "it" : "them"}.</p>
        </Confirm>
      )}
    </section>
  );
}
