/** A labelled control with its hint and its problem, wired for screen readers. */

import type { ComponentChildren } from "preact";

interface Wiring {
  id: string;
  "aria-describedby"?: string;
  "aria-invalid"?: true;
}

interface Props {
  id: string;
  label: string;
  hint?: string | undefined;
  problem?: string | undefined;
  children: (wiring: Wiring) => ComponentChildren;
}

export function Field({ id, label, hint, problem, children }: Props) {
  const described = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ");
  const wiring: Wiring = { id };
  if (described) wiring["aria-describedby"] = described;
  if (problem) wiring["aria-invalid"] = true;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(wiring)}
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
      {problem && <p class="problem" id={`${id}-problem`}>{problem}</p>}
    </div>
  );
}
