/** How much of what the browser allows is used, and whether it has promised to keep it. */

import type { Usage } from "thermocline";
import { useBackend } from "../backend.ts";
import type { Action } from "../state/action.ts";
import { bytes } from "../words.ts";

const PROMISED = "The browser has promised to keep it.";
const REFUSED = "The browser did not promise it. It usually does once Daybook is installed or used often.";

export function StorageKeep({ usage: { used, quota, persisted }, run }: { usage: Usage; run: Action["run"] }) {
  const { tc } = useBackend();
  const keep = async (): Promise<string> => ((await tc.storage.persist()) ? PROMISED : REFUSED);
  return (
    <>
      {used !== null && quota !== null && (
        <div class="progress">
          <label for="quota">{bytes(used)} of the {bytes(quota)} this browser allows</label>
          <progress id="quota" max={quota} value={used} />
        </div>
      )}
      {persisted ? <p class="hint">{PROMISED}</p> : (
        <div class="actions">
          <p class="hint">When the disk is nearly full, the browser may remove it.</p>
          <button type="button" class="button" onClick={() => run(keep)}>Ask the browser to keep it</button>
        </div>
      )}
    </>
  );
}
