// What must not compile: types that were lost on the way (to `any`) would let each of these pass.

import { openThermocline, type Status, type SyncState } from "thermocline";

export async function wrongCalls(): Promise<void> {
  // @ts-expect-error tables are names
  const tc = await openThermocline({ url: "", key: "", tables: [1] });
  // @ts-expect-error there is no such durability
  await openThermocline({ url: "", key: "", tables: [], durability: "none" });
  // @ts-expect-error there is no such part
  tc.nothing();
  const status: Status = tc.status();
  // @ts-expect-error a state is one of a few words
  const state: SyncState = "asleep";
  // @ts-expect-error a count is a number
  const text: string = status.pending;
  // @ts-expect-error a number is no query
  tc.live(state.length + text.length, () => {});
}
