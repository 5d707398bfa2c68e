/** The form for a change that was refused: exactly its columns, as the editor shows them. */

import type { OutboxEntry } from "thermocline";
import { useEffect, useRef, useState } from "preact/hooks";
import { draftOfChanges, editsOf, isEmpty, problemsOf, type Draft } from "../draft.ts";
import { EntryFields } from "./entry-fields.tsx";

interface Props {
  entry: OutboxEntry;
  columns: (keyof Draft)[];
  /** Whether it has columns for which there is no field. */
  unshown: boolean;
  onRetry: (changes?: Record<string, unknown>) => void;
  onClose: () => void;
}

export function OutboxEdit({ entry, columns, unshown, onRetry, onClose }: Props) {
  const origin = useRef(draftOfChanges(entry.changes)).current;
  const [draft, setDraft] = useState(origin);
  const [asked, setAsked] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>("input, textarea")?.focus(), []);

  const found = Object.entries(problemsOf(draft)).filter(([column]) => columns.some((shown) => shown === column));
  const submit = (event: Event): void => {
    event.preventDefault();
    setAsked(true);
    const [first] = found;
    if (first) return document.getElementById(first[0])?.focus();
    const edits = editsOf(draft, origin);
    onRetry(isEmpty(edits) ? undefined : edits);
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.key === "Escape") onClose();
  };
  return (
    <form ref={form} class="stack mend-form" noValidate onSubmit={submit} onKeyDown={keys} aria-label="Edit and try again">
      <EntryFields columns={columns} draft={draft} problems={asked ? Object.fromEntries(found) : {}} onEdit={(edits) => setDraft({ ...draft, ...edits })} />
      {unshown && <p class="hint">Its other columns are sent as they are.</p>}
      <div class="actions">
        <button class="button primary">Try again</button>
        <button type="button" class="button" onClick={onClose}>Cancel</button>
      </div>
    </form>
  );
}
