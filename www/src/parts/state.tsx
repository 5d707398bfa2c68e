/**
 * What stands in the place of content: nothing yet, still loading, only a part because there is no network, or a failure with a way
 * to try again. Every view says these the same way.
 */

import type { ComponentChildren } from "preact";
import { explain } from "../failures.ts";
import { Icon, type IconName } from "./icon.tsx";
import { Notice } from "./notice.tsx";

interface EmptyProps {
  icon?: IconName;
  title: string;
  /** Why it is empty, and what to do about it: text and buttons. */
  children?: ComponentChildren;
}

export function Empty({ icon = "entries", title, children }: EmptyProps) {
  return <div class="empty"><Icon name={icon} /><h2>{title}</h2>{children}</div>;
}

/** Waits a moment before it shows itself: most answers come from the device at once. */
export function Loading({ what }: { what: string }) {
  return <p class="loading" role="status">Loading {what}…</p>;
}

/** Some of what was asked for is only on the server. `offline`: it cannot be asked now; else it is being asked. */
export function Partial({ what, offline = true }: { what: string; offline?: boolean }) {
  return (
    <div class="notice" data-kind="partial" role="status">
      <Icon name={offline ? "offline" : "sync"} />
      <div>{offline ? `Offline: ${what} may lack what only the server has. This is what this device holds.` : `Asking the server for the rest of ${what}…`}</div>
    </div>
  );
}

export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <Notice kind="bad">
      <p>{explain(error)}</p>
      {onRetry && <button type="button" class="button" onClick={onRetry}>Try again</button>}
    </Notice>
  );
}
