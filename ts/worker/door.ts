/**
 * One user at a time. A page may sign in where the worker does not see it: loaded past the worker, or before there was one.
 * Then its token says who it is, and the worker follows. A request is asked of the database of the user whom its token
 * names, or it waits (invariant 11).
 */
import { guarded, ThermoclineError } from "../errors.js";
import { accessOf } from "../doorbell/token.js";
import type { OpenEngine } from "./engines.js";

export class Door {
  readonly #open: OpenEngine;
  /** The last change of user. */
  #changing: Promise<void> = Promise.resolve();

  constructor(open: OpenEngine) {
    this.#open = open;
  }

  /** Resolves with the right database open; what is asked of the engine in the same turn is asked of that one. */
  async admit(authorization: string): Promise<void> {
    const access = accessOf(authorization.replace(/^Bearer /i, ""));
    await this.#changed();
    if (!access || this.#isOf(access.user)) return;
    if (access.ends < Date.now()) throw new ThermoclineError("unauthorized", "another user is signed in by now; sign in again");
    await this.alone(async () => {
      const answer = JSON.stringify({ access_token: access.token });
      if (!this.#isOf(access.user)) await guarded(() => this.#open.engine.signedIn(answer));
    });
    return this.admit(authorization);
  }

  #isOf(user: string): boolean {
    return this.#open.status().user === user;
  }

  /** Runs what may open another user's database, once all that was admitted has been asked. */
  alone(change: () => Promise<void>): Promise<void> {
    const former = this.#changing;
    const changed = former.then(nextTask).then(change);
    this.#changing = changed.catch(() => undefined);
    return changed;
  }

  async #changed(): Promise<void> {
    for (let seen; seen !== this.#changing; ) {
      seen = this.#changing;
      await seen;
    }
  }
}

const nextTask = () => new Promise<void>((resolve) => setTimeout(resolve));
