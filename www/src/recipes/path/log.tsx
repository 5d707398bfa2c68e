/** The log: entries by category, a form that fits the category, and search. */

import { useState } from "preact/hooks";
import type { Category, EntryType } from "thermocline/recipes/path";
import { Field } from "../../parts/field.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Empty, Partial } from "../../parts/state.tsx";
import { useAction } from "../../state/action.ts";
import { useLive } from "../../state/live.ts";
import { accepted, usePath } from "./recipe.ts";

interface Row {
  id: string;
  category: Category;
  content: string;
  metadata: { entryType?: EntryType; routineType?: string; energyLevel?: number; userRating?: number };
  created_at: string;
}

const TYPES: EntryType[] = ["Urge/Symptom", "Kata Performed", "Win", "Leak/Drain", "Insight"];
const CATEGORIES: Category[] = ["sovereign", "journal", "chat", "feedback"];
const NAMES: Record<Category, string> = { sovereign: "Entry", journal: "Journal", chat: "Chat", feedback: "Feedback" };
const PAGE_ROWS = 50;

export function Log() {
  const recipe = usePath();
  const [category, setCategory] = useState<Category | "">("");
  const [type, setType] = useState<EntryType | "">("");
  const [asked, setAsked] = useState("");
  const [found, setFound] = useState<string[] | null>(null);
  const filter = `${category && `&category=eq.${category}`}${type && `&metadata->>entryType=eq.${encodeURIComponent(type)}`}${found ? `&id=in.(${found.join()})` : ""}`;
  const { rows, partial } = useLive<Row>(`sovereign_logs?select=id,category,content,metadata,created_at${filter}&order=created_at.desc&limit=${PAGE_ROWS}`);
  const search = async (event: Event): Promise<void> => {
    event.preventDefault();
    setFound(asked.trim() ? (await recipe.semanticSearch(asked, 0.7, PAGE_ROWS)).map(({ id }) => id) : null);
  };
  return (
    <>
      <NewEntry />
      <section class="card" aria-labelledby="path-log">
        <h2 id="path-log">Log</h2>
        <form class="path-filters" role="search" onSubmit={(event) => void search(event)}>
          <Field id="path-category" label="Category">{(wiring) => (
            <select {...wiring} value={category} onChange={(event) => setCategory(event.currentTarget.value as Category | "")}>
              <option value="">All</option>
              {CATEGORIES.map((one) => <option key={one} value={one}>{NAMES[one]}</option>)}
            </select>
          )}</Field>
          <Field id="path-type" label="Type">{(wiring) => (
            <select {...wiring} value={type} onChange={(event) => setType(event.currentTarget.value as EntryType | "")}>
              <option value="">All</option>
              {TYPES.map((one) => <option key={one} value={one}>{one}</option>)}
            </select>
          )}</Field>
          <Field id="path-search" label="Search">{(wiring) => <input {...wiring} type="search" value={asked} onInput={(event) => setAsked(event.currentTarget.value)} />}</Field>
          <button type="submit" class="button">Search</button>
        </form>
        {partial && <Partial what="the log" />}
        {rows.length === 0 ? <Empty title="Nothing here yet" icon="path">What you log appears here at once, online or not.</Empty> : (
          <ul class="path-log">{rows.map((row) => <LogRow key={row.id} row={row} />)}</ul>
        )}
      </section>
    </>
  );
}

function LogRow({ row }: { row: Row }) {
  const { metadata: { entryType, routineType, energyLevel, userRating } } = row;
  const about = [entryType ?? NAMES[row.category], routineType, energyLevel !== undefined && `energy ${energyLevel}`, userRating !== undefined && `${userRating} stars`];
  return (
    <li>
      <p class="path-log-head"><strong>{about.filter(Boolean).join(", ")}</strong> <time dateTime={row.created_at}>{new Date(row.created_at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}</time></p>
      <p>{row.content}</p>
    </li>
  );
}

function NewEntry() {
  const recipe = usePath();
  const action = useAction(async () => undefined);
  const [kind, setKind] = useState<EntryType | "Journal">("Urge/Symptom");
  const [text, setText] = useState("");
  const [more, setMore] = useState("");
  const [energy, setEnergy] = useState("");
  const label = kind === "Journal" ? "Insights" : kind === "Kata Performed" ? "Katas, by comma" : "What you did about it";
  const asksMore = kind === "Journal" || kind === "Urge/Symptom" || kind === "Kata Performed";
  const save = (event: Event): void => {
    event.preventDefault();
    action.run(async () => {
      const energyLevel = energy === "" ? {} : { energyLevel: Number(energy) };
      const said = more.trim();
      accepted(kind === "Journal"
        ? await recipe.addLog("journal", text, { routineType: new Date().getHours() < 15 ? "morning" : "evening", ...energyLevel, ...(said && { insights: said }) })
        : await recipe.addLog("sovereign", text, { entryType: kind, ...energyLevel, ...detailOf(kind, said) }));
      setText("");
      setMore("");
      return "Saved on this device.";
    });
  };
  return (
    <form class="card" onSubmit={save} aria-labelledby="path-new">
      <h2 id="path-new">New entry</h2>
      <div class="path-filters">
        <Field id="path-kind" label="Kind">{(wiring) => (
          <select {...wiring} value={kind} onChange={(event) => setKind(event.currentTarget.value as EntryType | "Journal")}>
            {[...TYPES, "Journal"].map((one) => <option key={one}>{one}</option>)}
          </select>
        )}</Field>
        <Field id="path-energy" label="Energy, 0 to 10">{(wiring) => <input {...wiring} type="number" min={0} max={10} value={energy} onInput={(event) => setEnergy(event.currentTarget.value)} />}</Field>
      </div>
      <Field id="path-text" label="What happened">{(wiring) => <textarea {...wiring} rows={3} required value={text} onInput={(event) => setText(event.currentTarget.value)} />}</Field>
      {asksMore && <Field id="path-more" label={label}>{(wiring) => <input {...wiring} value={more} onInput={(event) => setMore(event.currentTarget.value)} />}</Field>}
      <div class="actions"><button type="submit" class="button primary">Save</button><span class="hint" role="status">{action.result}</span></div>
      {action.problem && <Notice kind="bad">{action.problem}</Notice>}
    </form>
  );
}

function detailOf(kind: EntryType, said: string): { kataPerformed?: string[]; actionTaken?: string } {
  if (said === "") return {};
  if (kind === "Kata Performed") return { kataPerformed: said.split(",").map((name) => name.trim()).filter(Boolean) };
  return kind === "Urge/Symptom" ? { actionTaken: said } : {};
}
