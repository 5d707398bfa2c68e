/** The sync log: rounds as numbers, without any content. */

import { Notice } from "../../parts/notice.tsx";
import { useLive } from "../../state/live.ts";
import { bytes, count, time } from "../../words.ts";

interface LogRow {
  id: string;
  created_at: string;
  function: string | null;
  status: string;
  received: number;
  applied: number;
  duplicates: number;
  conflicts: number;
  rejected: number;
  bytes_in: number;
  error_code: string | null;
}

const QUERY = "sync_logs?select=id,created_at,function,status,received,applied,duplicates,conflicts,rejected,bytes_in,error_code&order=created_at.desc&limit=50";

export function SyncLog() {
  const { rows, error } = useLive<LogRow>(QUERY);
  return (
    <section class="card" aria-labelledby="sync-log">
      <h2 id="sync-log">Sync log</h2>
      {error && <Notice kind="bad">{error.message}</Notice>}
      {rows.length === 0 ? <p class="hint">Nothing yet: compressed batches are logged, and direct rounds that failed or were refused in part.</p> : (
        <div class="log-rows" tabIndex={0} role="region" aria-label="Logged batches">
          <table class="tiers">
            <thead><tr><th scope="col">When</th><th scope="col">How</th><th scope="col">Sent</th><th scope="col">Applied</th><th scope="col">Twice</th><th scope="col">Refused</th><th scope="col">Size</th></tr></thead>
            <tbody>{rows.map((row) => <Line key={row.id} {...row} />)}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Line({ created_at, function: name, status, received, applied, duplicates, conflicts, rejected, bytes_in, error_code }: LogRow) {
  return (
    <tr>
      <th scope="row">{time(created_at)}</th>
      <td>{name ?? "–"}: {status}{error_code ? ` (${error_code})` : ""}</td>
      <td>{count(received)}</td><td>{count(applied)}</td><td>{count(duplicates)}</td><td>{count(conflicts + rejected)}</td><td>{bytes(bytes_in)}</td>
    </tr>
  );
}
