/**
 * Which of a profile's contexts listens: the page in front, by a Web Lock.
 *
 * A page that comes to the front takes the place from whoever has it, a frozen page included; one that lost it though it
 * is still visible (two windows side by side) queues for it. A page that is left gives it up. Invariant: whoever is told
 * that it no longer holds the place has to be silent when the call returns.
 */

export class Place {
  readonly #name: string;
  readonly #changed: (held: boolean) => void;
  readonly #isInFront: () => boolean;
  #attempt: AbortController | undefined;
  #giveUp: (() => void) | undefined;

  constructor(name: string, isInFront: () => boolean, changed: (held: boolean) => void) {
    this.#name = name;
    this.#isInFront = isInFront;
    this.#changed = changed;
  }

  get isHeld(): boolean {
    return this.#giveUp !== undefined;
  }

  /** Takes the place when it is free; `now`: from whoever has it. */
  take({ now }: { now: boolean }): void {
    if (this.#giveUp || (this.#attempt && !now)) return;
    this.#attempt?.abort();
    const attempt = (this.#attempt = new AbortController());
    const held = () => {
      if (attempt.signal.aborted) return undefined;
      return new Promise<void>((resolve) => {
        this.#giveUp = resolve;
        this.#changed(true);
      });
    };
    // A browser without locks has many listeners at worst.
    if (!globalThis.navigator?.locks) return void held();
    const options = now ? { steal: true } : { signal: attempt.signal };
    navigator.locks.request(this.#name, options, held).catch(() => {
      if (attempt.signal.aborted) return;
      this.leave();
      if (this.#isInFront()) this.take({ now: false }); // it was stolen: the next one after the thief
    });
  }

  leave(): void {
    this.#attempt?.abort();
    this.#attempt = undefined;
    const giveUp = this.#giveUp;
    this.#giveUp = undefined;
    if (!giveUp) return;
    this.#changed(false);
    giveUp();
  }
}
