/** Entries as a list, under a heading for each month where they are in the order of their days. */

import { useState } from "preact/hooks";
import { useBackend } from "../backend.ts";
import { changeEntry, tagsOf, type EntrySummary, type Sort } from "../entries.ts";
import { explain } from "../failures.ts";
import { href } from "../state/route.ts";
import { day, month } from "../words.ts";
import { Icon } from "./icon.tsx";
import { MoodMark } from "./mood.tsx";
import { Notice } from "./notice.tsx";

const EXCERPT_CHARS = 160;
const TAGS_SHOWN = 3;

interface ListProps {
  entries: EntrySummary[];
  open: string | null;
  sort: Sort;
  onTag: (tag: string) => void;
}

export function EntryList({ entries, open, sort, onTag }: ListProps) {
  const { supabase } = useBackend();
  const [problem, setProblem] = useState<string | null>(null);
  const toggle = ({ id, status }: EntrySummary): void => {
    setProblem(null);
    changeEntry(supabase, id, { status: status === "done" ? "open" : "done" }).catch((error: unknown) => setProblem(explain(error)));
  };
  return (
    <>
      {problem && <Notice kind="bad">{problem}</Notice>}
      {groups(entries, sort).map(({ name, members }) => (
        <section key={name} class="month">
          {name && <h3>{name}</h3>}
          <ul>
            {members.map((entry) => (
              <EntryRow key={entry.id} entry={entry} open={entry.id === open} onToggle={toggle} onTag={onTag} />
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

interface Group {
  name: string;
  members: EntrySummary[];
}

function groups(entries: EntrySummary[], sort: Sort): Group[] {
  if (sort === "edited" || sort === "title") return [{ name: "", members: entries }];
  const found: Group[] = [];
  for (const entry of entries) {
    const name = entry.happened_on === null ? "Without a date" : month(entry.happened_on);
    const last = found.at(-1);
    if (last?.name === name) last.members.push(entry);
    else found.push({ name, members: [entry] });
  }
  return found;
}

interface RowProps {
  entry: EntrySummary;
  open: boolean;
  onToggle: (entry: EntrySummary) => void;
  onTag: (tag: string) => void;
}

function EntryRow({ entry, open, onToggle, onTag }: RowProps) {
  const done = entry.status === "done";
  const tags = tagsOf(entry);
  return (
    <li class="row" data-open={open} data-done={done}>
      <button type="button" class="tick" aria-pressed={done} aria-label={`Done: ${entry.title}`} onClick={() => onToggle(entry)}>
        <Icon name="synced" />
      </button>
      <div class="row-text">
        <a class="row-title" href={href({ view: "entries", entry: entry.id })} aria-current={open ? "true" : undefined}>
          {entry.title}
        </a>
        {entry.body && <p class="row-excerpt">{entry.body.slice(0, EXCERPT_CHARS)}</p>}
        <p class="row-facts">
          {entry.happened_on && <time dateTime={entry.happened_on}>{day(entry.happened_on)}</time>}
          {entry.mood !== null && <MoodMark mood={entry.mood} />}
          {entry.amount !== null && <span class="amount">{entry.amount}</span>}
          {tags.slice(0, TAGS_SHOWN).map((tag) => (
            <button key={tag} type="button" class="tag" aria-label={`Show entries tagged ${tag}`} onClick={() => onTag(tag)}>{tag}</button>
          ))}
          {tags.length > TAGS_SHOWN && <span>+{tags.length - TAGS_SHOWN}</span>}
        </p>
      </div>
      {entry.pinned && <span class="row-pin"><Icon name="pin" /><span class="unseen">Pinned</span></span>}
    </li>
  );
}
