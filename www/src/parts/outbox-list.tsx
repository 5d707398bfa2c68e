/** The outbox: every change the server has not answered, and first those that need the reader. */

import type { OutboxEntry } from "thermocline";
import { useEffect, useState } from "preact/hooks";
import { keyOf, nameOf } from "../mending.ts";
import { useNow } from "../state/clock.ts";
import { focusChange, useMending, useOutbox, useTitles } from "../state/outbox.ts";
import { go } from "../state/route.ts";
import { count } from "../words.ts";
import { Notice } from "./notice.tsx";
import { OutboxRow } from "./outbox-row.tsx";

const PAGE_ROWS = 50;

/** `change`: the one to go to. */
export function OutboxList({ change }: { change: string | undefined }) {
  const { entries, loading, unread, refresh } = useOutbox();
  const [limit, setLimit] = useState(PAGE_ROWS);
  const [editing, setEditing] = useState<string | null>(null);
  const now = useNow();
  const shown = entries.slice(0, limit);
  const titles = useTitles(shown);
  const { mend, result, problem } = useMending(entries, refresh);
  const title = (entry: OutboxEntry): string => titles.get(keyOf(entry)) ?? nameOf(entry);

  useEffect(() => {
    if (change === undefined || loading) return;
    const place = entries.findIndex(({ id }) => id === change);
    if (place >= limit) return setLimit(place + 1);
    focusChange(change);
    go({ view: "sync" }, "replace");
  }, [change, entries, loading, limit]);

  return (
    <section class="card" aria-labelledby="outbox">
      <h2 id="outbox" tabIndex={-1}>Outbox{entries.length > 0 && <span class="badge">{count(entries.length)}</span>}</h2>
      {unread && <Notice kind="bad">{unread}</Notice>}
      {!loading && entries.length === 0 && !unread && <p class="hint">Nothing is waiting. Each change you make appears here until the server has confirmed it.</p>}
      <p role="status" class="said">{result}</p>
      {problem && !shown.some(({ id }) => id === problem.id) && <Notice kind="bad">{problem.message}</Notice>}
      <ul class="outbox">
        {shown.map((entry) => (
          <OutboxRow
            key={entry.id}
            entry={entry}
            all={entries}
            title={title}
            now={now}
            isEditing={editing === entry.id}
            onEditing={(on) => setEditing(on ? entry.id : null)}
            problem={problem?.id === entry.id ? problem.message : null}
            mend={(work) => mend(entry, work)}
          />
        ))}
      </ul>
      {entries.length > limit && (
        <button type="button" class="button wide" onClick={() => setLimit(limit + PAGE_ROWS)}>
          Show {count(Math.min(PAGE_ROWS, entries.length - limit))} more of {count(entries.length)}
        </button>
      )}
    </section>
  );
}
