/** Storage: where each table's rows lie, what the files of this device take, and what can be done about it. */

import type { QuarantinedRecord, Status, Usage } from "thermocline";
import { useEffect, useRef, useState } from "preact/hooks";
import { useBackend } from "../backend.ts";
import { explain } from "../failures.ts";
import { useAction } from "../state/action.ts";
import { useNow } from "../state/clock.ts";
import { bytes, count } from "../words.ts";
import { Notice } from "./notice.tsx";
import { StorageActions } from "./storage-actions.tsx";
import { StorageDamage } from "./storage-damage.tsx";
import { StorageKeep } from "./storage-keep.tsx";
import { StorageTiers } from "./storage-tiers.tsx";

export function StorageReport({ status }: { status: Status }) {
  const { stored, unread, read } = useStored(status);
  const { run, result, problem } = useAction(read);
  return (
    <section class="card" aria-labelledby="storage">
      <h2 id="storage">Storage</h2>
      {unread && <Notice kind="bad">{unread}</Notice>}
      {stored && (
        <>
          {stored.usage.tables.length === 0 && <p class="hint">Nothing is here yet. The first sync brings it.</p>}
          {stored.usage.tables.map((usage) => <StorageTiers key={usage.table} usage={usage} isHeld={status.held.includes(usage.table)} />)}
          <Facts usage={stored.usage} />
          <StorageKeep usage={stored.usage} run={run} />
          <StorageActions run={run} />
          {stored.damaged.length > 0 && <StorageDamage records={stored.damaged} run={run} />}
        </>
      )}
      {problem && <Notice kind="bad">{problem}</Notice>}
      <p role="status" class="storage-result">{result}</p>
    </section>
  );
}

interface Stored {
  usage: Usage;
  damaged: QuarantinedRecord[];
}

/** Read again when the status says that it may have changed, and now and then: a checkpoint changes no status. */
function useStored({ pending, lastPull, held }: Status) {
  const { tc } = useBackend();
  const [stored, setStored] = useState<Stored | null>(null);
  const [unread, setUnread] = useState<string | null>(null);
  const now = useNow();
  const latest = useRef(0); // of two reads the later counts
  const read = async (): Promise<void> => {
    const turn = ++latest.current;
    try {
      const [usage, damaged] = await Promise.all([tc.storage.usage(), tc.storage.quarantine.list()]);
      if (turn !== latest.current) return;
      setStored({ usage, damaged });
      setUnread(null);
    } catch (error) {
      if (turn === latest.current) setUnread(explain(error));
    }
  };
  useEffect(() => void read(), [tc, pending, lastPull, held.join(), now]);
  return { stored, unread, read };
}

function Facts({ usage: { segments, log, outbox, files } }: { usage: Usage }) {
  return (
    <dl class="facts">
      <div><dt>Segments</dt><dd>{bytes(segments)}</dd></div>
      <div><dt>Log</dt><dd>{bytes(log)}</dd></div>
      <div><dt>Outbox ({count(outbox.mutations)})</dt><dd>{bytes(outbox.bytes)}</dd></div>
      <div><dt>Files</dt><dd>{bytes(files)}</dd></div>
    </dl>
  );
}
