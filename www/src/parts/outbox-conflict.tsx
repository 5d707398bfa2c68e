/** A conflict: what you saw, what you made of it, what was made of it elsewhere; and which of them is to stand. */

import { useRef, useState } from "preact/hooks";
import { useBackend } from "../backend.ts";
import { columnName, isNothing, shownColumns } from "../columns.ts";
import { laterEdits, rowOf, sidesOf, type Side } from "../mending.ts";
import type { RowProps } from "../state/outbox.ts";
import { ColumnValue } from "./column-value.tsx";
import { ConflictSides } from "./conflict-sides.tsx";
import { Since } from "./outbox-since.tsx";

export function OutboxConflict({ entry, all, title, mend }: RowProps) {
  const { tc } = useBackend();
  const sides = sidesOf(entry);
  const [chosen, setChosen] = useState<Record<string, Side> | null>(null);
  const choose = useRef<HTMLButtonElement>(null);
  const apart = sides.filter(({ differs }) => differs);
  const canMix = entry.theirs !== null && entry.operation !== "delete" && apart.length > 1;

  const settle = (choice: Parameters<typeof tc.outbox.resolve>[1], said: string): void => mend(async () => {
    await tc.outbox.resolve(entry.id, choice);
    return `“${title(entry)}”: ${said}`;
  });
  const close = (): void => {
    setChosen(null);
    requestAnimationFrame(() => choose.current?.focus());
  };
  return (
    <>
      <p>{story(entry)}</p>
      {entry.operation === "delete" ? <Theirs row={entry.theirs ?? {}} /> : (
        <ConflictSides
          id={entry.id}
          sides={sides}
          gone={entry.theirs === null ? (isLost(entry) ? "is not there yet" : "was deleted elsewhere") : null}
          chosen={chosen}
          onChoose={(column, side) => setChosen({ ...chosen, [column]: side })}
        />
      )}
      <Since later={laterEdits(entry, all)} />
      {chosen ? (
        <div class="actions">
          <button type="button" class="button primary" onClick={() => settle(rowOf(sides, chosen), "your choice is kept and sent.")}>Keep this choice</button>
          <button type="button" class="button" onClick={close}>Cancel</button>
        </div>
      ) : (
        <div class="actions">
          <button type="button" class="button" onClick={() => settle("mine", "yours is kept and sent.")}>Keep mine</button>
          <button type="button" class="button" onClick={() => settle("theirs", "theirs is kept.")}>Keep theirs</button>
          {canMix && (
            <button type="button" class="button" ref={choose} onClick={() => setChosen(Object.fromEntries(apart.map(({ column }) => [column, "mine"])))}>
              Take from both
            </button>
          )}
        </div>
      )}
    </>
  );
}

function story({ operation, theirs, error }: RowProps["entry"]): string {
  if (isLost({ error })) return LOST[theirs === null ? "gone" : "older"];
  if (operation === "delete") return "You deleted this entry; meanwhile it was changed elsewhere. Keep mine deletes it, keep theirs brings it back.";
  if (theirs === null) return "You changed this entry; meanwhile it was deleted elsewhere. Keep mine writes it again, keep theirs lets it go.";
  return "You changed this entry; meanwhile it was changed elsewhere, too. Until you decide, you see yours.";
}

/** The server was restored to an earlier state. */
const isLost = ({ error }: Pick<RowProps["entry"], "error">): boolean => error?.code === "lost_by_restore";

const LOST = {
  gone: "The server went back to an earlier state, in which this entry is not there yet. Keep mine writes it again, keep theirs lets it go.",
  older: "The server went back to an earlier state of this entry. Keep mine writes yours again, keep theirs takes the earlier one.",
};

/** What a delete would take away. */
function Theirs({ row }: { row: Record<string, unknown> }) {
  const columns = shownColumns(Object.keys(row)).filter((column) => !isNothing(row[column]));
  return (
    <dl class="values">
      {columns.map((column) => <div key={column}><dt>{columnName(column)}</dt><dd><ColumnValue column={column} value={row[column]} /></dd></div>)}
    </dl>
  );
}
