/** What this device holds: rows and bytes per table, the browser's quota, and whether it may be evicted. */

import type { Status, Usage } from "thermocline";
import { useEffect, useState } from "preact/hooks";
import { useBackend } from "../backend.ts";
import { explain } from "../failures.ts";
import { bytes, count } from "../words.ts";
import { Notice } from "./notice.tsx";

type Report = { usage: Usage } | { problem: string } | null;

export function StorageReport({ status }: { status: Status }) {
  const { tc } = useBackend();
  const [report, setReport] = useState<Report>(null);
  const [refused, setRefused] = useState(false);
  const read = (): void => {
    tc.storage.usage().then((usage) => setReport({ usage }), (error: unknown) => setReport({ problem: explain(error) }));
  };
  useEffect(read, [tc, status.pending, status.lastPull]);

  const keep = async (): Promise<void> => {
    setRefused(!(await navigator.storage.persist()));
    read();
  };
  return (
    <section class="card" aria-labelledby="storage">
      <h2 id="storage">On this device</h2>
      {report && "problem" in report && <Notice kind="bad">{report.problem}</Notice>}
      {report && "usage" in report && (
        <>
          <Tables usage={report.usage} />
          <Quota usage={report.usage} />
          <div class="actions">
            {report.usage.persisted
              ? <p class="hint">The browser has promised not to remove this data by itself.</p>
              : <button type="button" class="button" onClick={() => void keep()}>Ask the browser to keep it</button>}
          </div>
          {refused && <Notice>The browser did not promise it. It usually does once Daybook is installed or used often; until then it removes data only when the disk is nearly full.</Notice>}
        </>
      )}
    </section>
  );
}

function Tables({ usage }: { usage: Usage }) {
  return (
    <table class="tables">
      <thead><tr><th scope="col">Table</th><th scope="col">Rows</th><th scope="col">Size</th></tr></thead>
      <tbody>
        {usage.tables.map(({ table, rows, bytes: size }) => (
          <tr key={table}><th scope="row"><code>{table}</code></th><td>{count(rows)}</td><td>{bytes(size)}</td></tr>
        ))}
      </tbody>
    </table>
  );
}

function Quota({ usage: { used, quota } }: { usage: Usage }) {
  if (used === null || quota === null) return null;
  return (
    <div class="progress">
      <label for="quota">{bytes(used)} of the {bytes(quota)} this browser allows</label>
      <progress id="quota" max={quota} value={used} />
    </div>
  );
}
