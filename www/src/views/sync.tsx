/** The sync page: what waits to be sent, what was refused and why, what this device holds, and the switch. */

import type { Status } from "thermocline";
import { useState } from "preact/hooks";
import { useBackend } from "../backend.ts";
import { explain } from "../failures.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Notice } from "../parts/notice.tsx";
import { OutboxList } from "../parts/outbox-list.tsx";
import { StorageReport } from "../parts/storage-report.tsx";
import { healthOf, type Health } from "../parts/sync-indicator.tsx";
import { useNow } from "../state/clock.ts";
import { useStatus } from "../state/live.ts";
import { signOut } from "../state/session.ts";
import { age, counted } from "../words.ts";

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

function SyncCard({ status }: { status: Status }) {
  const { tc } = useBackend();
  const now = useNow();
  const [working, setWorking] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const on = status.state !== "stopped";

  const run = async (action: () => Promise<void>): Promise<void> => {
    setWorking(true);
    setProblem(null);
    await action().catch((error: unknown) => setProblem(explain(error)));
    setWorking(false);
  };
  return (
    <section class="card" aria-labelledby="sync-state">
      <h2 id="sync-state">{HEADINGS[healthOf(status)]}</h2>
      <p>{sentence(status, now)}</p>
      {status.error && !problem && <Notice kind="bad">{explain(status.error)}</Notice>}
      {problem && <Notice kind="bad">{problem}</Notice>}
      <dl class="facts">
        <div><dt>Pending</dt><dd>{counted(status.pending, "change")}</dd></div>
        <div><dt>Last sent</dt><dd>{status.lastPush === null ? "not yet" : age(status.lastPush, now)}</dd></div>
        <div><dt>Last fetched</dt><dd>{status.lastPull === null ? "not yet" : age(status.lastPull, now)}</dd></div>
        <div><dt>Last compared</dt><dd>{compared(status.audits, now)}</dd></div>
      </dl>
      <div class="actions">
        <button type="button" class="button primary" disabled={working || !on} onClick={() => void run(() => tc.sync.now())}>
          {working ? "One moment…" : "Sync now"}
        </button>
        <label class="switch">
          <input type="checkbox" role="switch" checked={on} onChange={(event) => {
            const start = event.currentTarget.checked;
            void run(() => start ? tc.sync.start() : tc.sync.stop());
          }} />
          <span>Keep this device in sync</span>
        </label>
      </div>
    </section>
  );
}

/** When the tables were last found to be as the server has them, or were mended. */
function compared(audits: Status["audits"], now: number): string {
  return audits.length === 0 ? "not yet" : age(Math.min(...audits.map(({ ended }) => ended)), now);
}

const HEADINGS: Record<Health, string> = {
  offline: "Offline",
  syncing: "Syncing",
  refused: "Something needs you",
  waiting: "Waiting to be sent",
  stopped: "Sync is off",
  synced: "Everything is synced",
};

function sentence({ state, pending, refused, conflicts, retryAt, oldestPending }: Status, now: number): string {
  const oldest = oldestPending === null ? "" : ` The oldest was made ${age(oldestPending, now)}.`;
  if (state === "stopped") return "Entries stay on this device only. Changes are kept and sent once you turn sync on again.";
  if (state === "offline") return `There is no network. You can go on working: changes are kept here and sent later.${oldest}`;
  if (state === "limited") return `There is a network, but the server does not answer. Changes are kept here and sent later.${oldest}`;
  if (refused > 0) return "The server did not take some of your changes. They are listed below with its reasons; nothing is lost.";
  if (conflicts > 0) return "Some entries were changed here and elsewhere. They are listed below; which one stands is yours to say.";
  if (state === "pushing") return "Sending your changes.";
  if (state === "pulling") return "Fetching what changed elsewhere.";
  if (state === "retry") {
    const seconds = retryAt === null ? 0 : Math.max(0, Math.round((retryAt - now) / 1_000));
    return `The last try did not work.${seconds > 0 ? ` The next one is in ${counted(seconds, "second")}.` : ""}${oldest}`;
  }
  return pending > 0 ? `Your changes are safe on this device and are sent in a moment.${oldest}` : "What you see here is also on the server.";
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
