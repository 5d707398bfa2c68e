/** Damaged records that were kept aside: how many, a file of them for whoever looks into it, and away with them. */

import type { Quarantine, QuarantinedRecord } from "thermocline";
import { useState } from "preact/hooks";
import { useBackend } from "../backend.ts";
import type { Action } from "../state/action.ts";
import { bytes, counted } from "../words.ts";
import { Confirm } from "./confirm.tsx";

const FILE = "daybook-damaged-records.json";

export function StorageDamage({ records, run }: { records: QuarantinedRecord[]; run: Action["run"] }) {
  const { tc: { storage: { quarantine } } } = useBackend();
  const [asking, setAsking] = useState(false);
  const them = counted(records.length, "damaged record");
  const size = records.reduce((sum, record) => sum + record.bytes, 0);
  const clear = async (): Promise<string> => {
    await quarantine.clear();
    return `${them} removed.`;
  };
  return (
    <div class="actions damage">
      <p>{them} ({bytes(size)}) kept aside.</p>
      <button type="button" class="button" onClick={() => run(() => exported(quarantine))}>Export</button>
      <button type="button" class="button" onClick={() => setAsking(true)}>Clear</button>
      {asking && (
        <Confirm title={`Clear ${them}?`} action="Clear" onCancel={() => setAsking(false)} onConfirm={() => { setAsking(false); run(clear); }}>
          <p><strong>Goes:</strong> what could not be read, for good. Export it first if a change you made is missing.</p>
          <p><strong>Stays:</strong> every entry you see, and unsent changes.</p>
        </Confirm>
      )}
    </div>
  );
}

/** Downloads all of them as one file: names, and their bytes in hexadecimal. */
async function exported(quarantine: Quarantine): Promise<string> {
  const records = await quarantine.list();
  const found = await Promise.all(records.map(async ({ name }) => ({ name, hex: hex(await quarantine.read(name)) })));
  const url = URL.createObjectURL(new Blob([JSON.stringify(found, null, 1)], { type: "application/json" }));
  Object.assign(document.createElement("a"), { href: url, download: FILE }).click();
  setTimeout(() => URL.revokeObjectURL(url), 0);
  return `Exported as ${FILE}.`;
}

const hex = (record: Uint8Array): string => Array.from(record, (byte) => byte.toString(16).padStart(2, "0")).join("");
