/** Storage: where the snapshots lie, what waits, the sync log, and the history as a file. */

import { useState } from "preact/hooks";
import { Icon } from "../../parts/icon.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Failed, Loading } from "../../parts/state.tsx";
import { useAction } from "../../state/action.ts";
import { age, bytes, count, day, today } from "../../words.ts";
import { useContextRecipe, useFigures } from "./recipe.ts";
import { SyncLog } from "./sync-log.tsx";

const MONTH_HOURS = 30 * 24;

export function Storage() {
  const shown = useFigures("storage", MONTH_HOURS, (recipe) => recipe.getStorageStats());
  if (shown.error) return <Failed error={shown.error} onRetry={shown.retry} />;
  if (!shown.value) return <Loading what="storage" />;
  const { hot, warm, outbox, distinctRows, quota } = shown.value;
  return (
    <>
      <section class="card" aria-labelledby="tiers">
        <h2 id="tiers">Check-ins on this device</h2>
        <Bar label="In memory" space={hot} of={distinctRows} />
        <Bar label="At rest" space={warm} of={distinctRows} />
        <dl class="facts" data-storage>
          <div><dt>Check-ins, each once</dt><dd>{count(distinctRows)}</dd></div>
          <div><dt>Oldest</dt><dd>{warm.oldest === null ? "–" : day(warm.oldest)}</dd></div>
          <div><dt>Waiting to be sent</dt><dd>{count(outbox.mutations)}</dd></div>
          <div><dt>Oldest of them</dt><dd>{outbox.oldestAgeMs === null ? "–" : age(Date.now() - outbox.oldestAgeMs, Date.now())}</dd></div>
          <div><dt>Room left</dt><dd>{quota.available === null ? "not known" : bytes(quota.available)}</dd></div>
        </dl>
        <Limits />
        <SyncNow />
      </section>
      <ExportCard />
      <SyncLog />
    </>
  );
}

function Bar({ label, space, of }: { label: string; space: { rows: number; bytes: number }; of: number }) {
  return (
    <div class="progress">
      <label>{label}: {count(space.rows)} rows, {bytes(space.bytes)}<meter min={0} max={Math.max(of, 1)} value={space.rows} /></label>
    </div>
  );
}

function Limits() {
  return (
    <p class="hint">
      Kept on this device: 30 days and 10,000 check-ins; older ones stay in the cloud and are read when you are online. What has not been sent is
      never removed.
    </p>
  );
}

function SyncNow() {
  const recipe = useContextRecipe();
  const { run, result, problem } = useAction(async () => {});
  const round = async (): Promise<string> => {
    const { success, pending, error } = await recipe.syncToCloud();
    if (!success) throw error;
    return pending === 0 ? "Everything is sent." : `${count(pending)} still wait.`;
  };
  return (
    <div class="actions">
      <button type="button" class="button" onClick={() => run(round)}><Icon name="sync" />Sync now</button>
      <span role="status">{result}</span>
      {problem && <Notice kind="bad">{problem}</Notice>}
    </div>
  );
}

function ExportCard() {
  const recipe = useContextRecipe();
  const { run, result, problem } = useAction(async () => {});
  const [from, setFrom] = useState(() => new Date(Date.now() - MONTH_HOURS * 3_600_000).toISOString().slice(0, 10));
  const [to, setTo] = useState(today);
  const save = async (): Promise<string> => {
    const { name, file, origin } = await recipe.exportHistory({ from, to });
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: name });
    link.click();
    URL.revokeObjectURL(link.href);
    return origin === "server" ? `${name}: everything the server has of these days.` : `${name}: what this device holds; the server could not be asked.`;
  };
  return (
    <section class="card" aria-labelledby="export">
      <h2 id="export">Export</h2>
      <div class="context-fields">
        <div class="field"><label for="export-from">From</label><input id="export-from" type="date" value={from} onInput={(event) => setFrom(event.currentTarget.value)} /></div>
        <div class="field"><label for="export-to">To</label><input id="export-to" type="date" value={to} onInput={(event) => setTo(event.currentTarget.value)} /></div>
      </div>
      {problem && <Notice kind="bad">{problem}</Notice>}
      <div class="actions">
        <button type="button" class="button" onClick={() => run(save)}><Icon name="data" />Export</button>
        <span role="status" data-exported>{result}</span>
      </div>
    </section>
  );
}
