/** What an app gives its service worker. */
import type { Options } from "../types.js";

export interface WorkerOptions {
  /** Where the engine's .wasm is served from. */
  wasm: string | URL;
  /** Answers the pages' requests to this project, sign-in included: the app itself needs no line of Thermocline. */
  answer?: AnswerOptions;
  /** Longest a round in the background may take, in milliseconds; default 150,000. What is not done then goes on in the next. */
  roundMs?: number;
}

/** The project whose requests the worker answers; as for `openThermocline`, which the app then need not call. */
export interface AnswerOptions extends Omit<Options, "wasm" | "realtime"> {
  /**
   * Turns sync on, for all tables or some, once for each user: who turns it off leaves it off. Left out: off, unless a page
   * turns it on (`tc.sync.start()`).
   */
  sync?: boolean | { tables: string[] };
}
