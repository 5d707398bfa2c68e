/** The editor's form: the entry's fields, and what became of the last save. */

import { useEffect, useRef, useState } from "preact/hooks";
import { problemsOf, type Draft } from "../draft.ts";
import type { Entry } from "../entries.ts";
import { go } from "../state/route.ts";
import { time } from "../words.ts";
import { EntryFields } from "./entry-fields.tsx";
import { Icon } from "./icon.tsx";
import { Notice } from "./notice.tsx";

/** What became of the last save. */
export type Saving = { state: "idle" | "saving" | "saved" } | { state: "failed"; message: string };

interface Props {
  entry: Entry | null;
  draft: Draft;
  edited: boolean;
  saving: Saving;
  onEdit: (changes: Partial<Draft>) => void;
  onSave: () => void;
  onDiscard: () => void;
  onDelete: () => void;
}

export function EntryForm(props: Props) {
  const { entry, draft, saving, onEdit, onSave } = props;
  const [asked, setAsked] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const problems = asked ? problemsOf(draft) : {};
  useEffect(() => {
    form.current?.scrollIntoView({ block: "start" });
    form.current?.querySelector<HTMLElement>(entry ? "h2" : "#title")?.focus();
  }, []);

  const submit = (event: Event): void => {
    event.preventDefault();
    setAsked(true);
    const [first] = Object.keys(problemsOf(draft));
    if (first) document.getElementById(first)?.focus();
    else onSave();
  };
  const keys = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && (event.key === "s" || event.key === "Enter")) submit(event);
  };
  return (
    <form ref={form} class="editor" noValidate onSubmit={submit} onKeyDown={keys}>
      <Toolbar {...props} />
      {saving.state === "failed" && <Notice kind="bad">{saving.message}</Notice>}
      <EntryFields draft={draft} problems={problems} onEdit={onEdit} />
      {entry?.meta != null && (
        <details class="meta">
          <summary>More about this entry</summary>
          <pre tabIndex={0}>{JSON.stringify(entry.meta, null, 2)}</pre>
        </details>
      )}
      {entry && <p class="hint">Written {time(entry.created_at)}, changed {time(entry.updated_at)}.</p>}
      {entry && (
        <button type="button" class="button quiet-danger" onClick={props.onDelete}><Icon name="trash" />Delete entry</button>
      )}
    </form>
  );
}

function Toolbar({ entry, edited, saving, onDiscard }: Props) {
  const back = (): void => go({ view: "entries", entry: null });
  return (
    <div class="editor-bar">
      <button type="button" class="button icon-only to-list" aria-label="Back to the list" onClick={back}><Icon name="back" /></button>
      <h2 tabIndex={-1}>{entry ? "Entry" : "New entry"}</h2>
      <span class="saving" data-state={saving.state} role="status">{savingWords(saving, edited)}</span>
      {edited && <button type="button" class="button" onClick={onDiscard}>Discard</button>}
      <button class="button primary" disabled={saving.state === "saving" || (entry !== null && !edited)}>
        {saving.state === "saving" ? "Saving…" : "Save"}
      </button>
    </div>
  );
}

function savingWords({ state }: Saving, edited: boolean): string {
  if (state === "saved") return "Saved on this device";
  return edited && state === "idle" ? "Not saved yet" : "";
}
