/** The one error class, and how a fault of the engine becomes one. */
import type { ErrorCode } from "./types.js";

/** What happened, to what, and what to do about it. `code` is stable; `message` is for people. */
export class ThermoclineError extends Error {
  override readonly name = "ThermoclineError";
  readonly code: ErrorCode;
  /** Whether the same call may succeed later with nothing else changed. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** The engine throws its faults as JSON text; anything else is passed on as it is. */
export function fromEngine(thrown: unknown): unknown {
  if (typeof thrown !== "string") return thrown;
  try {
    const { code, message, retryable } = JSON.parse(thrown) as { code: ErrorCode; message: string; retryable: boolean };
    return new ThermoclineError(code, message, { retryable });
  } catch {
    return new Error(thrown);
  }
}

/** Runs a call into the engine; its faults come out as `ThermoclineError`. */
export async function guarded<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    throw fromEngine(thrown);
  }
}
