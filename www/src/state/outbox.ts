/** The outbox as hooks: its entries, what they are called, and what the reader decides about them. */

import type { OutboxEntry } from "thermocline";
import { useOutbox as useOutboxOf } from "thermocline/react";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useBackend } from "../backend.ts";
import { titlesOf } from "../entries.ts";
import { explain } from "../failures.ts";
import { keyOf, needsReader, neediestFirst } from "../mending.ts";
import { useAction } from "./action.ts";

/** What needs the reader first. */
export function useOutbox() {
  const { entries: read, loading, error, refresh } = useOutboxOf(useBackend().tc);
  const entries = useMemo(() => neediestFirst(read), [read]);
  return { entries, loading, unread: error && explain(error), refresh };
}

/** The titles of the entries that are changed, by key; what is deleted has none any more. */
export function useTitles(shown: OutboxEntry[]): Map<string, string> {
  const { supabase } = useBackend();
  const [titles, setTitles] = useState(new Map<string, string>());
  const rows = shown.filter(({ table }) => table === "entries");
  useEffect(() => {
    let current = true;
    const ids = [...new Set(rows.map(keyOf))];
    if (ids.length > 0) {
      void titlesOf(supabase, ids).then(({ data }) => {
        if (current && data) setTitles(new Map(data.map(({ id, title }) => [id, title])));
      });
    }
    return () => void (current = false);
  }, [supabase, rows.map(({ id, changes }) => `${id}${changes.title}`).join()]);
  return titles;
}

export interface Mending {
  /** Does something about one entry; what it resolves to is said to the reader. */
  mend: (entry: OutboxEntry, work: () => Promise<string>) => void;
  result: string;
  /** What went wrong with the last one, and the id of its entry. */
  problem: { id: string; message: string } | null;
}

/** Once what was decided about is gone from the list, the keyboard goes on at what came into its place. */
export function useMending(entries: OutboxEntry[], read: () => Promise<void>): Mending {
  const { run, result, problem } = useAction(read);
  const [mended, setMended] = useState<{ id: string; place: number } | null>(null);
  const left = useRef(false);
  const mend = (entry: OutboxEntry, work: () => Promise<string>): void => {
    setMended({ id: entry.id, place: entries.indexOf(entry) });
    left.current = false;
    run(work);
  };
  useEffect(() => {
    if (!mended || left.current || entries.some(({ id }) => id === mended.id)) return;
    left.current = true;
    const needy = entries.filter(needsReader);
    focusChange((needy[mended.place] ?? needy.at(-1))?.id);
  }, [entries, mended]);
  return { mend, result, problem: problem !== null && mended ? { id: mended.id, message: problem } : null };
}

/** What a view of one change is given. */
export interface RowProps {
  entry: OutboxEntry;
  /** The whole outbox: what waits behind this one is in it. */
  all: OutboxEntry[];
  title: (entry: OutboxEntry) => string;
  now: number;
  isEditing: boolean;
  onEditing: (on: boolean) => void;
  /** What went wrong when this one was to be mended. */
  problem: string | null;
  /** Does something about it; what it resolves to is said to the reader. */
  mend: (work: () => Promise<string>) => void;
}

/** The heading of one change has this id. */
export const headingId = (change: string): string => `change-${change}`;

/** Goes to the heading of a change; to that of the list if there is none. */
export function focusChange(change: string | undefined): void {
  const heading = change === undefined ? null : document.getElementById(headingId(change));
  (heading ?? document.getElementById("outbox"))?.focus();
}
