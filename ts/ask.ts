/** Asking the engine: at once where it can answer so, else with a wait. */
import type { Engine } from "../wasm/thermocline.js";
import type { EngineAnswer } from "./answer.js";
import { fromEngine, guarded } from "./errors.js";

export interface Asked {
  method: string;
  /** What follows `/rest/v1/`. */
  path: string;
  /** Alternating names and values. */
  headers: string[];
  body: string;
  /** A uuid, where the same request may be asked again: asked with the same one, an insert is carried out once. */
  seed?: string | undefined;
}

/** A realm that may have stood still; see `Realm`. */
export interface Wakes {
  behind: Promise<void> | undefined;
}

/** The device's answer; undefined: the network must give it. */
export function ask(engine: Engine, { method, path, headers, body, seed }: Asked): EngineAnswer | undefined | Promise<EngineAnswer | undefined> {
  if (method === "GET") {
    const answer = now(engine, path, headers);
    if (answer) return answer;
  }
  return guarded(() => engine.ask(method, path, headers, body, seed) as Promise<EngineAnswer | undefined>);
}

function now(engine: Engine, path: string, headers: string[]): EngineAnswer | undefined {
  try {
    return engine.answerNow(path, headers) as EngineAnswer | undefined;
  } catch (thrown) {
    throw fromEngine(thrown);
  }
}
