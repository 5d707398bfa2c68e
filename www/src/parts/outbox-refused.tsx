/** A change that the server refused: its values, the reason, and three ways on: again, edited and again, away with it. */

import { useRef, useState } from "preact/hooks";
import { useBackend } from "../backend.ts";
import { columnName, isNothing, shownColumns } from "../columns.ts";
import { FIELDS } from "../draft.ts";
import { reason } from "../failures.ts";
import { isHidden, lacksTitle, laterEdits, ownColumns } from "../mending.ts";
import type { RowProps } from "../state/outbox.ts";
import { counted } from "../words.ts";
import { ColumnValue } from "./column-value.tsx";
import { Confirm } from "./confirm.tsx";
import { OutboxEdit } from "./outbox-edit.tsx";
import { Since } from "./outbox-since.tsx";

export function OutboxRefused(props: RowProps) {
  const { entry, all, title, isEditing, onEditing, mend } = props;
  const { tc } = useBackend();
  const [asking, setAsking] = useState(false);
  const edit = useRef<HTMLButtonElement>(null);
  const later = laterEdits(entry, all);
  const own = ownColumns(entry, later);
  const asksTitle = lacksTitle(entry, later);
  const fields = isHidden(entry) ? [] : FIELDS.filter((column) => own.includes(column) || (column === "title" && asksTitle));

  const retry = (changes?: Record<string, unknown>): void => mend(async () => {
    await tc.outbox.retry(entry.id, changes);
    return `“${title(entry)}” is tried again. If the server refuses it once more, it is listed here.`;
  });
  const discard = (): void => {
    setAsking(false);
    mend(async () => {
      await tc.outbox.discard(entry.id);
      return `Discarded: ${entry.operation === "insert" ? `“${title(entry)}” is gone` : `“${title(entry)}” is as the server has it`}.`;
    });
  };
  const close = (): void => {
    onEditing(false);
    requestAnimationFrame(() => edit.current?.focus());
  };
  return (
    <>
      {entry.error && (
        <div class="reason">
          <p class="problem">{reason(entry.error)}</p>
          <p class="hint">The server said: {entry.error.message} ({entry.error.code})</p>
        </div>
      )}
      {!isEditing && <Values {...props} />}
      <Since later={later} />
      {isEditing ? <OutboxEdit entry={entry} columns={fields} unshown={own.some((column) => !FIELDS.some((field) => field === column))} onRetry={retry} onClose={close} /> : (
        <div class="actions">
          <button type="button" class="button" onClick={() => retry()}>Try again</button>
          {fields.length > 0 && <button type="button" class="button" ref={edit} onClick={() => onEditing(true)}>Edit and try again</button>}
          <button type="button" class="button quiet-danger" onClick={() => setAsking(true)}>Discard</button>
        </div>
      )}
      {asking && (
        <Confirm title="Discard this change?" action="Discard" onConfirm={discard} onCancel={() => setAsking(false)}>
          <p><strong>Goes:</strong> {goes(props, later.length)}</p>
          <p><strong>Stays:</strong> {isHidden(entry) ? "everything else you wrote." : STAYS[entry.operation]}</p>
        </Confirm>
      )}
    </>
  );
}

function goes({ entry, title }: RowProps, later: number): string {
  const name = `“${title(entry)}”`;
  if (entry.operation === "delete") return `your wish to delete ${name}.`;
  if (entry.operation === "update") return `your change of ${shownColumns(Object.keys(entry.changes)).map(columnName).join(", ")} in ${name}.`;
  return `the entry ${name}${later > 0 ? ` and ${counted(later, "later change")} of it` : ""}. The server never had it.`;
}

const STAYS: Record<RowProps["entry"]["operation"], string> = {
  insert: "everything else you wrote.",
  update: "the entry as the server has it, and what you changed in it since.",
  upsert: "what the server has, and everything else you wrote.",
  delete: "the entry. It is here again.",
};

/** What was to be written; of a new entry, what is not empty. */
function Values({ entry: { changes, before, operation } }: RowProps) {
  const columns = shownColumns(Object.keys(changes)).filter((column) => operation === "update" || !isNothing(changes[column]));
  if (columns.length === 0) return null;
  return (
    <dl class="values">
      {columns.map((column) => (
        <div key={column}>
          <dt>{columnName(column)}</dt>
          <dd>
            <ColumnValue column={column} value={changes[column]} />
            {column in before && <span class="hint">before: <ColumnValue column={column} value={before[column]} /></span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
