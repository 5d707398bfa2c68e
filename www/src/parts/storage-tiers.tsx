/** The tiers of one table, warmest first: rows and bytes in memory and at rest; how far back only the cloud has it. */

import type { Space, TableUsage } from "thermocline";
import { bytes, count, day } from "../words.ts";

interface Props {
  usage: TableUsage;
  /** The device holds everything the server had at the last sync. */
  isHeld: boolean;
}

export function StorageTiers({ usage: { table, hot, warm, rows, bytes: size, horizon }, isHeld }: Props) {
  return (
    <table class="tiers">
      <thead>
        <tr><th scope="col"><code>{table}</code></th><th scope="col">Rows</th><th scope="col">Size</th></tr>
      </thead>
      <tbody>
        <tr data-tier="hot"><Tier name="In memory" what="used lately" /><Cells space={hot} /></tr>
        <tr data-tier="warm"><Tier name="On this device" what="packed in segments" /><Cells space={warm} /></tr>
        <tr data-tier="cold">
          <Tier name="Only in the cloud" what="read when online" />
          <td colSpan={2}>{horizon !== null ? `before ${day(horizon)}` : isHeld ? "nothing" : "not known yet"}</td>
        </tr>
      </tbody>
      <tfoot>
        <tr><Tier name="Held here" what="each row once" /><Cells space={{ rows, bytes: size }} /></tr>
      </tfoot>
    </table>
  );
}

function Tier({ name, what }: { name: string; what: string }) {
  return <th scope="row">{name} <span class="hint">{what}</span></th>;
}

function Cells({ space: { rows, bytes: size } }: { space: Space }) {
  return <><td>{count(rows)}</td><td>{bytes(size)}</td></>;
}
