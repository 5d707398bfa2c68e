/** How sync stands: in words, in figures, how far a long round has come, what is wrong and what to do; and the switch. */

import type { Status } from "thermocline";
import { useState } from "preact/hooks";
import { useBackend } from "../backend.ts";
import { explain } from "../failures.ts";
import { advice, compared, heading, oldest, sentence } from "../health.ts";
import { useNow } from "../state/clock.ts";
import { startSync } from "../state/session.ts";
import { age, count, counted } from "../words.ts";
import { Notice } from "./notice.tsx";
import { Progress } from "./progress.tsx";

/** Shorter rounds are over before they are read. */
const LONG_SENDING = 200;
const LONG_FETCHING = 1_000;

export function SyncCard({ status }: { status: Status }) {
  const backend = useBackend();
  const { tc } = backend;
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
      <h2 id="sync-state">{heading(status)}</h2>
      <p>{sentence(status, now)}</p>
      <Round progress={status.progress} />
      {!problem && advice(status, now).map((text) => <Notice key={text} kind="bad">{text}</Notice>)}
      {problem && <Notice kind="bad">{problem}</Notice>}
      <dl class="facts thirds">
        <div><dt>Pending</dt><dd>{counted(status.pending, "change")}</dd></div>
        <div><dt>Oldest waiting</dt><dd>{oldest(status, now)}</dd></div>
        <div><dt>In sync</dt><dd>{status.synced.length === 0 ? "nothing" : status.synced.join(", ")}</dd></div>
        <div><dt>Last sent</dt><dd>{when(status.lastPush, now)}</dd></div>
        <div><dt>Last fetched</dt><dd>{when(status.lastPull, now)}</dd></div>
        <div><dt>Last compared</dt><dd>{compared(status, now)}</dd></div>
      </dl>
      <div class="actions">
        <button type="button" class="button primary" disabled={working || !on} onClick={() => void run(() => tc.sync.now())}>
          {working ? "One moment…" : "Sync now"}
        </button>
        <label class="switch">
          <input type="checkbox" role="switch" checked={on} onChange={(event) => {
            const start = event.currentTarget.checked;
            void run(() => start ? startSync(backend) : tc.sync.stop());
          }} />
          <span>Keep this device in sync</span>
        </label>
      </div>
    </section>
  );
}

const when = (time: number | null, now: number): string => (time === null ? "not yet" : age(time, now));

/** How far a long round has come. How much there is to fetch, nobody knows before. */
function Round({ progress }: Pick<Status, "progress">) {
  if (progress && progress.toSend > LONG_SENDING) {
    const { sent, toSend } = progress;
    return <Progress label={`${count(sent)} of ${count(toSend)} changes sent`} done={sent} total={toSend} />;
  }
  return progress && progress.received > LONG_FETCHING ? <p class="hint">{counted(progress.received, "row")} fetched so far.</p> : null;
}
