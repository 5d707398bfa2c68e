/** The outbox: every change the server has not answered, and those it refused, with its reason. */

import type { OutboxEntry, Status } from "thermocline";
import { useEffect, useState } from "preact/hooks";
import { useBackend } from "../backend.ts";
import { titlesOf } from "../entries.ts";
import { explain } from "../failures.ts";
import { useNow } from "../state/clock.ts";
import { href } from "../state/route.ts";
import { age, count } from "../words.ts";
import { Notice } from "./notice.tsx";

const PAGE_ROWS = 50;

const OPERATIONS: Record<OutboxEntry["operation"], string> = { insert: "Add", update: "Change", upsert: "Add or change", delete: "Delete" };
const STATES: Record<OutboxEntry["state"], string> = { waiting: "Waiting", sent: "Sent, no answer yet", refused: "Refused", conflict: "Conflict" };

export function OutboxList({ status }: { status: Status }) {
  const { entries, problem } = useOutbox(status);
  const [limit, setLimit] = useState(PAGE_ROWS);
  const now = useNow();
  const shown = entries.slice(0, limit);
  const titles = useTitles(shown);
  return (
    <section class="card" aria-labelledby="outbox">
      <h2 id="outbox">Outbox{entries.length > 0 && <span class="badge">{count(entries.length)}</span>}</h2>
      {problem && <Notice kind="bad">{problem}</Notice>}
      {entries.length === 0 && !problem && <p class="hint">Nothing is waiting. Each change you make appears here until the server has confirmed it.</p>}
      <ul class="outbox">
        {shown.map((entry) => <OutboxRow key={entry.id} entry={entry} title={titles.get(keyOf(entry))} now={now} />)}
      </ul>
      {entries.length > limit && (
        <button type="button" class="button wide" onClick={() => setLimit(limit + PAGE_ROWS)}>
          Show {count(Math.min(PAGE_ROWS, entries.length - limit))} more of {count(entries.length)}
        </button>
      )}
    </section>
  );
}

/** Read again whenever the status says that it may have changed; refused ones first. */
function useOutbox(status: Status): { entries: OutboxEntry[]; problem: string | null } {
  const { tc } = useBackend();
  const [outbox, setOutbox] = useState<{ entries: OutboxEntry[]; problem: string | null }>({ entries: [], problem: null });
  useEffect(() => {
    let current = true;
    tc.outbox.list().then(
      (found) => current && setOutbox({ entries: refusedFirst(found), problem: null }),
      (error: unknown) => current && setOutbox({ entries: [], problem: explain(error) }),
    );
    return () => void (current = false);
  }, [tc, status]);
  return outbox;
}

const needsReader = ({ state }: OutboxEntry): boolean => state === "refused" || state === "conflict";

const refusedFirst = (entries: OutboxEntry[]): OutboxEntry[] =>
  [...entries.filter(needsReader), ...entries.filter((entry) => !needsReader(entry))];

const keyOf = ({ key }: OutboxEntry): string => key.map(String).join(", ");

/** The titles of the entries that are changed; what is deleted has none any more. */
function useTitles(shown: OutboxEntry[]): Map<string, string> {
  const { supabase } = useBackend();
  const [titles, setTitles] = useState(new Map<string, string>());
  const ids = shown.filter(({ table }) => table === "entries").map(keyOf);
  useEffect(() => {
    let current = true;
    if (ids.length > 0) {
      void titlesOf(supabase, ids).then(({ data }) => {
        if (current && data) setTitles(new Map(data.map(({ id, title }) => [id, title])));
      });
    }
    return () => void (current = false);
  }, [supabase, ids.join()]);
  return titles;
}

interface RowProps {
  entry: OutboxEntry;
  title: string | undefined;
  now: number;
}

function OutboxRow({ entry, title, now }: RowProps) {
  const key = keyOf(entry);
  const name = title ?? `${key.slice(0, 8)}…`;
  const columns = Object.keys(entry.changes).filter((column) => column !== "id");
  return (
    <li class="outbox-row" data-state={entry.state}>
      <p class="outbox-what">
        <strong>{OPERATIONS[entry.operation]}</strong> in <code>{entry.table}</code>:{" "}
        {entry.table === "entries" && entry.operation !== "delete"
          ? <a href={href({ view: "entries", entry: key })}>{name}</a>
          : <span>{name}</span>}
      </p>
      <p class="outbox-facts">
        <span class="pill" data-state={entry.state}>{STATES[entry.state]}</span>
        <time dateTime={new Date(entry.made).toISOString()}>{age(entry.made, now)}</time>
      </p>
      {columns.length > 0 && (
        <ul class="columns-changed" aria-label="Changed columns">
          {columns.map((column) => <li key={column}><code>{column}</code></li>)}
        </ul>
      )}
      {entry.error && <p class="problem">{explain(entry.error)} <span class="hint">The server said: {entry.error.message} ({entry.error.code})</span></p>}
    </li>
  );
}
