/** Search, filters and order of the list. Typing waits a moment before it becomes a question. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useBackend } from "../backend.ts";
import { allTags, tagsOf, type Entry, type Filter, type Sort } from "../entries.ts";
import { useLive } from "../state/live.ts";
import { Icon } from "./icon.tsx";

const TYPING_MS = 150;
const TAGS_SHOWN = 60;

const SORTS: Record<Sort, string> = { newest: "Newest first", oldest: "Oldest first", edited: "Last edited", title: "Title, A to Z" };
const STATUSES: Record<Filter["status"], string> = { all: "All", open: "Open", done: "Done" };

interface Props {
  filter: Filter;
  onChange: (filter: Filter) => void;
}

export function EntryFilters({ filter, onChange }: Props) {
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <SearchBox search={filter.search} onSearch={(search) => onChange({ ...filter, search })} />
      <fieldset class="segments">
        <legend class="unseen">Status</legend>
        {(["all", "open", "done"] as const).map((status) => (
          <label key={status}>
            <input type="radio" name="filter-status" checked={filter.status === status} onChange={() => onChange({ ...filter, status })} />
            <span>{STATUSES[status]}</span>
          </label>
        ))}
      </fieldset>
      <label class="toggle">
        <input type="checkbox" checked={filter.pinned} onChange={(event) => onChange({ ...filter, pinned: event.currentTarget.checked })} />
        <span><Icon name="pin" />Pinned</span>
      </label>
      <TagChoice tag={filter.tag} onTag={(tag) => onChange({ ...filter, tag })} />
      <label class="choice">
        <span class="unseen">Order</span>
        <select value={filter.sort} onChange={(event) => onChange({ ...filter, sort: event.currentTarget.value as Sort })}>
          {Object.entries(SORTS).map(([sort, name]) => <option key={sort} value={sort}>{name}</option>)}
        </select>
      </label>
    </form>
  );
}

function SearchBox({ search, onSearch }: { search: string; onSearch: (search: string) => void }) {
  const [typed, setTyped] = useState(search);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => setTyped(search), [search]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (text: string): void => {
    setTyped(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onSearch(text), TYPING_MS);
  };
  return (
    <label class="search">
      <span class="unseen">Search entries</span>
      <Icon name="search" />
      <input type="search" placeholder="Search titles and texts" value={typed} onInput={(event) => type(event.currentTarget.value)} />
    </label>
  );
}

function TagChoice({ tag, onTag }: { tag: string | null; onTag: (tag: string | null) => void }) {
  const { supabase } = useBackend();
  const { rows } = useLive<Pick<Entry, "tags">>(allTags(supabase));
  const common = useMemo(() => mostUsed(rows), [rows]);
  const choices = tag === null || common.includes(tag) ? common : [tag, ...common];
  return (
    <label class="choice">
      <span class="unseen">Tag</span>
      <select value={tag ?? ""} onChange={(event) => onTag(event.currentTarget.value || null)}>
        <option value="">Any tag</option>
        {choices.map((choice) => <option key={choice} value={choice}>{choice}</option>)}
      </select>
    </label>
  );
}

/** The tags used most, in alphabetical order. */
function mostUsed(rows: Pick<Entry, "tags">[]): string[] {
  const uses = new Map<string, number>();
  for (const tag of rows.flatMap(tagsOf)) uses.set(tag, (uses.get(tag) ?? 0) + 1);
  const common = [...uses].sort(([, a], [, b]) => b - a).slice(0, TAGS_SHOWN);
  return common.map(([tag]) => tag).sort((a, b) => a.localeCompare(b));
}
