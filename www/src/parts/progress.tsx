/** A labelled progress bar. The label is announced at each tenth, not at each step. */

import { useId } from "preact/hooks";

interface Props {
  label: string;
  done: number;
  total: number;
}

export function Progress({ label, done, total }: Props) {
  const id = useId();
  const tenth = total === 0 ? 10 : Math.floor((done / total) * 10);
  return (
    <div class="progress">
      <label for={id}>{label}</label>
      <progress id={id} max={total} value={done} />
      <span class="unseen" role="status">{tenth > 0 ? `${tenth * 10} percent` : ""}</span>
    </div>
  );
}
