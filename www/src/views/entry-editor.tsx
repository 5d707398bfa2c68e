/**
 * One entry, to be read and changed. Saving writes only the columns that differ; a draft that is left
 * unsaved is there again on return. The entry itself is live: what other tabs change shows up here.
 */

import { useEffect, useRef, useState } from "preact/hooks";
import { useBackend, type Supabase } from "../backend.ts";
import { changesOf, draftOf, dropDraft, emptyDraft, insertOf, isEmpty, keepDraft, keptDraft, problemsOf, type Draft } from "../draft.ts";
import { addEntry, changeEntry, deleteEntry, oneEntry, type Entry } from "../entries.ts";
import { explain } from "../failures.ts";
import { Confirm } from "../parts/confirm.tsx";
import { EntryForm, type Saving } from "../parts/entry-form.tsx";
import { useLive } from "../state/live.ts";
import { go, NEW } from "../state/route.ts";

export function EntryEditor({ id }: { id: string }) {
  const { supabase } = useBackend();
  const live = useLive<Entry>(id === NEW ? null : oneEntry(supabase, id));
  if (id === NEW) return <Editing entry={null} />;
  if (live.loading) return <div class="empty" aria-busy="true" />;
  const entry = live.rows[0];
  return entry ? <Editing entry={entry} /> : <Gone partial={live.partial} />;
}

/** The entry that was just added: its editor takes over from that of the draft and still says so. */
let added: string | null = null;

function Editing({ entry }: { entry: Entry | null }) {
  const { supabase } = useBackend();
  const id = entry?.id ?? NEW;
  const [edited, setEdited] = useState<Draft | null>(() => keptDraft(id) ?? null);
  const [saving, setSaving] = useState<Saving>(() => ({ state: added === id ? "saved" : "idle" }));
  const [asking, setAsking] = useState(false);
  const fresh = useRef(emptyDraft());
  const draft = edited ?? (entry ? draftOf(entry) : fresh.current);
  useLeaveWarning(edited !== null);
  useEffect(() => void (added = null), []);

  const edit = (changes: Partial<Draft>): void => {
    const next = { ...draft, ...changes };
    keepDraft(id, next);
    setEdited(next);
    setSaving({ state: "idle" });
  };
  const discard = (): void => {
    dropDraft(id);
    setEdited(null);
    setSaving({ state: "idle" });
  };
  const save = async (): Promise<void> => {
    if (saving.state === "saving" || !isEmpty(problemsOf(draft))) return;
    setSaving({ state: "saving" });
    try {
      const saved = await write(supabase, entry, draft);
      discard();
      setSaving({ state: "saved" });
      if (saved === id) return;
      added = saved;
      go({ view: "entries", entry: saved }, "replace");
    } catch (error) {
      setSaving({ state: "failed", message: explain(error) });
    }
  };
  const remove = async (): Promise<void> => {
    setAsking(false);
    try {
      await deleteEntry(supabase, id);
      dropDraft(id);
      go({ view: "entries", entry: null }, "replace");
    } catch (error) {
      setSaving({ state: "failed", message: explain(error) });
    }
  };
  return (
    <>
      <EntryForm
        entry={entry}
        draft={draft}
        edited={edited !== null}
        saving={saving}
        onEdit={edit}
        onSave={() => void save()}
        onDiscard={discard}
        onDelete={() => setAsking(true)}
      />
      {asking && (
        <Confirm title="Delete this entry?" action="Delete" onConfirm={() => void remove()} onCancel={() => setAsking(false)}>
          <p>“{draft.title}” is removed from this device now and from your other devices with the next sync.</p>
        </Confirm>
      )}
    </>
  );
}

/** Writes what differs and answers with the entry's id, which this device gives to a new one. */
async function write(supabase: Supabase, entry: Entry | null, draft: Draft): Promise<string> {
  if (entry === null) {
    const id = crypto.randomUUID();
    await addEntry(supabase, { id, ...insertOf(draft) });
    return id;
  }
  const changes = changesOf(draft, entry);
  if (!isEmpty(changes)) await changeEntry(supabase, entry.id, changes);
  return entry.id;
}

function useLeaveWarning(unsaved: boolean): void {
  useEffect(() => {
    if (!unsaved) return;
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [unsaved]);
}

function Gone({ partial }: { partial: boolean }) {
  return (
    <div class="empty">
      <h2>This entry is not here</h2>
      <p>{partial ? "It may not have reached this device yet. It appears by itself when it does." : "It may have been deleted on another device."}</p>
      <button type="button" class="button" onClick={() => go({ view: "entries", entry: null })}>Back to the list</button>
    </div>
  );
}
