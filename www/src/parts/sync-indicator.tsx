/** The one line that says, on every view, whether what is here is also on the server: Thermocline's own element, as a link. */

import type { FunctionComponent } from "preact";
import "thermocline/element";
import type { ThermoclineStatus } from "thermocline/element";
import { useBackend } from "../backend.ts";
import { href } from "../state/route.ts";

/** A tag's name, with the type of its properties. */
const StatusElement = "thermocline-status" as unknown as FunctionComponent<Partial<Pick<ThermoclineStatus, "client" | "compact">>>;

export function SyncIndicator() {
  const { tc } = useBackend();
  return (
    <a class="indicator" href={href({ view: "sync" })} title="Open the sync page">
      <StatusElement compact client={tc} />
    </a>
  );
}
