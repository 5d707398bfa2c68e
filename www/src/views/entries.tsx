/**
 * The entries: a searchable list, and beside it (on a phone: instead of it) the entry that is open.
 * Only as many rows are asked for and rendered as the reader has asked to see.
 */

import type { Live } from "thermocline/react";
import { useEffect, useRef, useState } from "preact/hooks";
import { useBackend } from "../backend.ts";
import { EVERYTHING, countEntries, isNarrowed, listEntries, type EntrySummary, type Filter } from "../entries.ts";
import { explain } from "../failures.ts";
import { EntryFilters } from "../parts/entry-filters.tsx";
import { EntryList } from "../parts/entry-list.tsx";
import { Icon } from "../parts/icon.tsx";
import { Notice } from "../parts/notice.tsx";
import { useLive } from "../state/live.ts";
import { href, NEW } from "../state/route.ts";
import { count, counted } from "../words.ts";
import { EntryEditor } from "./entry-editor.tsx";

const PAGE_ROWS = 50;

export function EntriesView({ open }: { open: string | null }) {
  const { supabase } = useBackend();
  const [filter, setFilter] = useState<Filter>(EVERYTHING);
  const [limit, setLimit] = useState(PAGE_ROWS);
  const list = useLive<EntrySummary>(listEntries(supabase, filter, limit));
  const total = useTotal(filter, list);
  useReturnFocus(open);

  const refine = (next: Filter): void => {
    setFilter(next);
    setLimit(PAGE_ROWS);
  };
  return (
    <div class="entries" data-open={open !== null}>
      <h1 class="unseen">Entries</h1>
      <section class="list-pane" aria-label="List">
        <div class="list-head">
          <h2 class="view-title">Entries</h2>
          <a class="button primary" href={href({ view: "entries", entry: NEW })}><Icon name="add" />New entry</a>
        </div>
        <EntryFilters filter={filter} onChange={refine} />
        <p class="list-count" role="status">{summary(list, total)}</p>
        {list.error && <Notice kind="bad">{explain(list.error)}</Notice>}
        <EntryList entries={list.rows} open={open} sort={filter.sort} onTag={(tag) => refine({ ...filter, tag })} />
        {total?.entries === 0 && list.rows.length === 0 && <Nothing narrowed={isNarrowed(filter)} onReset={() => refine(EVERYTHING)} />}
        {list.rows.length >= limit && total && total.entries > limit && (
          <button type="button" class="button wide more" onClick={() => setLimit(limit + PAGE_ROWS)}>
            Show {count(Math.min(PAGE_ROWS, total.entries - limit))} more
          </button>
        )}
      </section>
      <section class="entry-pane" aria-label="Entry">
        {open === null ? <NothingOpen /> : <EntryEditor key={open} id={open} />}
      </section>
    </div>
  );
}

/** When an entry is closed, the keyboard goes on at its place in the list. */
function useReturnFocus(open: string | null): void {
  const before = useRef(open);
  useEffect(() => {
    const closed = before.current;
    before.current = open;
    if (open !== null || closed === null) return;
    const link = document.querySelector<HTMLElement>(`.row-title[href="${href({ view: "entries", entry: closed })}"]`);
    (link ?? document.getElementById("content"))?.focus();
  }, [open]);
}

interface Total {
  entries: number;
  /** What was counted: while a new filter is being answered, the words still speak of the old one. */
  filter: Filter;
}

/** How many entries there are, of which the list shows the first; counted again when the list changes. */
function useTotal(filter: Filter, list: Live<EntrySummary>): Total | null {
  const { supabase } = useBackend();
  const [total, setTotal] = useState<Total | null>(null);
  useEffect(() => {
    if (list.loading) return;
    let current = true;
    void countEntries(supabase, filter).then((entries) => current && entries !== null && setTotal({ entries, filter }));
    return () => void (current = false);
  }, [supabase, list]);
  return total;
}

function summary(list: Live<EntrySummary>, total: Total | null): string {
  if (!total) return "Looking…";
  const found = counted(total.entries, "entry", "entries") + (isNarrowed(total.filter) ? " found" : "");
  return list.partial ? `${found} on this device; more may be on the server` : found;
}

function Nothing({ narrowed, onReset }: { narrowed: boolean; onReset: () => void }) {
  if (narrowed) {
    return (
      <div class="empty">
        <h3>Nothing matches</h3>
        <p>Try fewer words, or look at all entries again.</p>
        <button type="button" class="button" onClick={onReset}>Show all entries</button>
      </div>
    );
  }
  return (
    <div class="empty">
      <h3>A fresh daybook</h3>
      <p>Write your first entry. It is kept on this device at once, with or without a network.</p>
      <p>Only looking around? <a href={href({ view: "data" })}>Load a few thousand real entries</a> to see how it feels.</p>
    </div>
  );
}

function NothingOpen() {
  return (
    <div class="empty">
      <Icon name="entries" />
      <h2>No entry is open</h2>
      <p>Choose one from the list, or write a new one.</p>
    </div>
  );
}
