/**
 * Many rings in a moment are one: the first is passed on at once, what comes within the pause after it when that ends.
 * Pure: time comes in as milliseconds.
 */

const PAUSE_MS = 200;
/** More transactions than these in one pause are told as one ring that names none. */
const NAMED = 8;

/** `undefined`: something changed, nobody says in which transaction. */
type Xid = string | undefined;

export class Rings {
  #heard = new Set<Xid>();
  #last: Xid;
  #quietUntil = 0;

  /** What is to be passed on now. */
  hear(xid: Xid, now: number): Xid[] {
    // A push rings once, and then once for each row of it: that transaction is being pulled.
    if (xid !== undefined && xid === this.#last) return [];
    this.#heard.add(xid);
    return this.passOn(now);
  }

  /** When something is to be passed on. */
  get due(): number | null {
    return this.#heard.size > 0 ? this.#quietUntil : null;
  }

  passOn(now: number): Xid[] {
    const isPause = now < this.#quietUntil && now >= this.#quietUntil - PAUSE_MS; // else the clock was set back
    if (this.#heard.size === 0 || isPause) return [];
    const heard = [...this.#heard];
    this.#heard.clear();
    this.#last = heard.at(-1);
    this.#quietUntil = now + PAUSE_MS;
    return heard.length > NAMED ? [undefined] : heard;
  }
}
