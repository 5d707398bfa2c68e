// What a function answers when it does not do what it was asked: {"error": {"code", "message"}} with HTTP's own status.

export class Refusal extends Error {
  /** `code` is stable; `message` says what was wrong and what to do; `retryAfter` is in seconds. */
  constructor(readonly status: number, readonly code: string, message: string, readonly retryAfter?: number) {
    super(message);
  }
}

/** For a body that is JSON, but not what the function takes. */
export const invalid = (message: string) => new Refusal(422, 'invalid_request', message);
