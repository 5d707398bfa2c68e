/** The fields of an entry, all or some, with their problems in plain words. */

import { FIELDS, type Draft, type Problems } from "../draft.ts";
import { Field } from "./field.tsx";
import { MoodPicker } from "./mood.tsx";

interface Props {
  draft: Draft;
  problems: Problems;
  onEdit: (changes: Partial<Draft>) => void;
  columns?: readonly (keyof Draft)[];
}

export function EntryFields({ columns = FIELDS, ...props }: Props) {
  const { draft, onEdit } = props;
  const has = (...some: (keyof Draft)[]): boolean => some.some((column) => columns.includes(column));
  return (
    <>
      {has("title") && <TitleField {...props} />}
      {has("body") && (
        <Field id="body" label="Text">
          {(wiring) => <textarea {...wiring} rows={9} value={draft.body} onInput={(event) => onEdit({ body: event.currentTarget.value })} />}
        </Field>
      )}
      {has("mood") && <MoodPicker mood={draft.mood} onPick={(mood) => onEdit({ mood })} />}
      {has("happened_on", "amount") && (
        <div class="columns">
          {has("happened_on") && (
            <Field id="happened_on" label="Day">
              {(wiring) => <input {...wiring} type="date" value={draft.happened_on} onInput={(event) => onEdit({ happened_on: event.currentTarget.value })} />}
            </Field>
          )}
          {has("amount") && <AmountField {...props} />}
        </div>
      )}
      {has("tags") && (
        <Field id="tags" label="Tags" hint="Separate them with commas.">
          {(wiring) => <input {...wiring} autocapitalize="none" value={draft.tags} onInput={(event) => onEdit({ tags: event.currentTarget.value })} />}
        </Field>
      )}
      {has("status", "pinned") && (
        <div class="switches">
          {has("status") && <Switch label="Done" on={draft.status === "done"} onTurn={(on) => onEdit({ status: on ? "done" : "open" })} />}
          {has("pinned") && <Switch label="Pinned" on={draft.pinned} onTurn={(pinned) => onEdit({ pinned })} />}
        </div>
      )}
    </>
  );
}

function TitleField({ draft, problems, onEdit }: Props) {
  return (
    <Field id="title" label="Title" problem={problems.title}>
      {(wiring) => (
        <input {...wiring} class="title-input" value={draft.title} aria-required="true" onInput={(event) => onEdit({ title: event.currentTarget.value })} />
      )}
    </Field>
  );
}

function AmountField({ draft, problems, onEdit }: Props) {
  return (
    <Field id="amount" label="Amount" problem={problems.amount} hint="A number that belongs to the entry: money, hours, kilometres.">
      {(wiring) => <input {...wiring} inputMode="decimal" value={draft.amount} onInput={(event) => onEdit({ amount: event.currentTarget.value })} />}
    </Field>
  );
}

function Switch({ label, on, onTurn }: { label: string; on: boolean; onTurn: (on: boolean) => void }) {
  return (
    <label class="switch">
      <input type="checkbox" checked={on} onChange={(event) => onTurn(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}
