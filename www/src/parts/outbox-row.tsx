/** One change in the outbox: what it is and where it stands. One that the server did not take can be mended here. */

import type { OutboxEntry } from "thermocline";
import { columnName, shownColumns } from "../columns.ts";
import { isHidden, keyOf, needsReader } from "../mending.ts";
import { headingId, type RowProps } from "../state/outbox.ts";
import { href } from "../state/route.ts";
import { age } from "../words.ts";
import { Notice } from "./notice.tsx";
import { OutboxConflict } from "./outbox-conflict.tsx";
import { OutboxRefused } from "./outbox-refused.tsx";

const OPERATIONS: Record<OutboxEntry["operation"], string> = { insert: "Add", update: "Change", upsert: "Add or change", delete: "Delete" };
const STATES: Record<OutboxEntry["state"], string> = { waiting: "Waiting", sent: "Sent, no answer yet", refused: "Refused", conflict: "Conflict" };

export function OutboxRow(props: RowProps) {
  const { entry, title, now, problem } = props;
  return (
    <li class="outbox-row" data-state={entry.state}>
      {needsReader(entry) ? <h3 class="outbox-what" id={headingId(entry.id)} tabIndex={-1}><What entry={entry} title={title(entry)} /></h3>
        : <p class="outbox-what"><What entry={entry} title={title(entry)} /></p>}
      <p class="outbox-facts">
        <span class="pill" data-state={entry.state}>{STATES[entry.state]}</span>
        <time dateTime={new Date(entry.made).toISOString()}>{age(entry.made, now)}</time>
      </p>
      {!needsReader(entry) && <Columns entry={entry} />}
      {entry.behind !== null && <WaitsFor {...props} />}
      {problem !== null && <Notice kind="bad">{problem}</Notice>}
      {entry.state === "refused" && <OutboxRefused {...props} />}
      {entry.state === "conflict" && <OutboxConflict {...props} />}
    </li>
  );
}

function What({ entry, title }: { entry: OutboxEntry; title: string }) {
  return (
    <>
      <strong>{OPERATIONS[entry.operation]}</strong> in <code>{entry.table}</code>:{" "}
      {entry.table === "entries" && entry.operation !== "delete" && !isHidden(entry)
        ? <a href={href({ view: "entries", entry: keyOf(entry) })}>{title}</a>
        : <span>{title}</span>}
    </>
  );
}

function Columns({ entry }: { entry: OutboxEntry }) {
  const columns = shownColumns(Object.keys(entry.changes));
  if (columns.length === 0) return null;
  return (
    <ul class="columns-changed" aria-label="Changed columns">
      {columns.map((column) => <li key={column}>{columnName(column)}</li>)}
    </ul>
  );
}

function WaitsFor({ entry, all, title }: RowProps) {
  const first = all.find(({ id }) => id === entry.behind);
  if (!first) return null;
  return (
    <p class="waits-for">
      Waits for <a href={href({ view: "sync", change: first.id })}>{OPERATIONS[first.operation].toLowerCase()} “{title(first)}”</a>
    </p>
  );
}
