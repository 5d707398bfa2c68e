/** What was done to the same entry after the change that was not taken: it waits behind that, and is sent when it is mended. */

import type { OutboxEntry } from "thermocline";
import { columnName, shownColumns } from "../columns.ts";

export function Since({ later }: { later: OutboxEntry[] }) {
  if (later.some(({ operation }) => operation === "delete")) return <p class="hint">You have deleted the entry since; that is sent, too.</p>;
  const columns = shownColumns([...new Set(later.flatMap(({ changes }) => Object.keys(changes)))]);
  if (columns.length === 0) return null;
  return <p class="hint">What you changed in it since is sent, too: {columns.map(columnName).join(", ")}.</p>;
}
