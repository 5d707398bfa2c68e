/** One value of an entry in words. A long text is cut until the reader asks for all of it; what is its own is marked. */

import { useState } from "preact/hooks";
import { isNothing, valueWords } from "../columns.ts";
import { ownPart } from "../mending.ts";

const CUT_CHARS = 400;
/** So much of what is the same is shown before the first difference. */
const LEAD_CHARS = 80;

interface Props {
  column: string;
  value: unknown;
  /** What it is held against: the part that is not in there is marked. */
  against?: unknown;
}

export function ColumnValue({ column, value, against }: Props) {
  const [whole, setWhole] = useState(false);
  if (isNothing(value)) return <span class="nothing">{valueWords(column, value)}</span>;
  const words = valueWords(column, value);
  const [start, own, end] = against === undefined || isNothing(against) ? [words, "", ""] : ownPart(words, valueWords(column, against));
  const isLong = words.length > CUT_CHARS + LEAD_CHARS;
  if (!isLong || whole) return <span class="value">{start}{own && <mark>{own}</mark>}{end}</span>;
  const lead = own && start.length > LEAD_CHARS ? `…${start.slice(-LEAD_CHARS)}` : start.slice(0, CUT_CHARS);
  const room = Math.max(0, CUT_CHARS - lead.length);
  return (
    <span class="value">
      {lead}{own && <mark>{own.slice(0, room)}</mark>}{end.slice(0, Math.max(0, room - own.length))}…{" "}
      <button type="button" class="link" onClick={() => setWhole(true)}>Show all</button>
    </span>
  );
}
