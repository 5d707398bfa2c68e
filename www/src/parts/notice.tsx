/** A boxed message. Bad news is announced at once, everything else when the reader is idle. */

import type { ComponentChildren } from "preact";
import { Icon } from "./icon.tsx";

interface Props {
  kind?: "plain" | "bad";
  children: ComponentChildren;
}

export function Notice({ kind = "plain", children }: Props) {
  return (
    <div class="notice" data-kind={kind} role={kind === "bad" ? "alert" : "status"}>
      {kind === "bad" && <Icon name="refused" />}
      <div>{children}</div>
    </div>
  );
}
