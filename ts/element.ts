/**
 * `<thermocline-status>`: the status in words, with an icon. For any framework, and for none.
 *
 * ```ts
 * import "thermocline/element";
 * document.querySelector("thermocline-status").client = tc;
 * ```
 *
 * Shows the state, how many changes wait, when the last round ended, how far a long one has come, and a button with what
 * needs a person, which tells so by the event `attention`. With the attribute `compact` it is one line without a button, to
 * be put into a link or a button of the app's. A screen reader hears the state when it has settled, not each step on the way.
 *
 * - `client`: a Thermocline; until it is set, nothing is shown. It may be set before the element is defined.
 * - `words`: texts that replace ours; or each by an attribute, `word-synced="Alles da"`. Numbers and times follow `lang`.
 * - `data-state` says the state. Parts: `line`, `icon`, `state`, `detail`, `progress`, `attention`. Colours:
 *   `--thermocline-status-good`, `-busy`, `-wait`, `-bad`, `-off`; they follow `color-scheme`.
 */
import { iconOf, partsIn, type Parts } from "./element-look.js";
import { causesOf, ENGLISH, say, type Said, type Word, type Words } from "./element-words.js";
import type { AttentionCause, Status, Thermocline } from "./types.js";

export { ENGLISH, type Word, type Words } from "./element-words.js";

/** Of the event `attention`. */
export interface AttentionDetail {
  causes: AttentionCause[];
  status: Status;
}

const NAMES = Object.keys(ENGLISH) as (keyof Words)[];
/** How long a state must last to be announced; of those that most rounds pass through, longer. */
const SETTLED_MS = 1_000;
const PASSING_MS = 5_000;
const PASSING = new Set<Said["state"]>(["sending", "fetching", "waiting"]);
/** How often “3 minutes ago” is looked at. */
const CLOCK_MS = 30_000;

/** On a server there are no elements: there the class can be imported, and no more. */
const Base: typeof HTMLElement = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

export class ThermoclineStatus extends Base {
  static readonly observedAttributes = ["lang", "compact", ...NAMES.map((name) => `word-${name}`)];

  #client: Thermocline | null = null;
  #words: Partial<Words> = {};
  #parts: Parts | undefined;
  #leave: (() => void) | undefined;
  #announcing: ReturnType<typeof setTimeout> | undefined;
  #announced = "";

  get client(): Thermocline | null {
    return this.#client;
  }

  set client(client: Thermocline | null | undefined) {
    if (this.#client === (client ?? null)) return;
    this.#client = client ?? null;
    if (this.isConnected) this.#listen();
  }

  /** Texts that replace ours. */
  get words(): Partial<Words> {
    return this.#words;
  }

  set words(words: Partial<Words> | null | undefined) {
    this.#words = words ?? {};
    this.#render();
  }

  /** One line, without a button. */
  get compact(): boolean {
    return this.hasAttribute("compact");
  }

  set compact(on: boolean) {
    this.toggleAttribute("compact", on);
  }

  connectedCallback(): void {
    // What was set before the class was known lies on the element itself, and hides the accessors.
    for (const name of ["client", "words", "compact"] as const) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name] as never;
      delete (this as Partial<this>)[name];
      this[name] = value;
    }
    this.#parts ??= this.#build();
    this.#listen();
  }

  disconnectedCallback(): void {
    this.#leave?.();
    this.#leave = undefined;
  }

  attributeChangedCallback(): void {
    this.#render();
  }

  #build(): Parts {
    const parts = partsIn(this.shadowRoot ?? this.attachShadow({ mode: "open" }));
    parts.attention.addEventListener("click", () => this.#tell());
    return parts;
  }

  #listen(): void {
    this.#leave?.();
    const stop = this.#client?.on("status", () => this.#render());
    const clock = setInterval(() => this.#render(), CLOCK_MS);
    this.#leave = () => {
      stop?.();
      clearInterval(clock);
      clearTimeout(this.#announcing);
      this.#announcing = undefined;
    };
    this.#render();
  }

  #tell(): void {
    const status = this.#client?.status();
    if (!status) return;
    const detail: AttentionDetail = { causes: causesOf(status), status };
    this.dispatchEvent(new CustomEvent<AttentionDetail>("attention", { bubbles: true, composed: true, detail }));
  }

  #render(): void {
    const parts = this.#parts;
    if (!parts || !this.#leave) return; // it renders once it is connected
    const status = this.#client?.status();
    if (!status) {
      delete this.dataset["state"];
      for (const part of [parts.state, parts.detail, parts.announcement]) put(part, "");
      parts.icon.removeAttribute("d");
      parts.progress.hidden = parts.attention.hidden = true;
      this.#announced = "";
      return;
    }
    const said = this.#said(status);
    if (this.dataset["state"] !== said.state) this.dataset["state"] = said.state;
    if (parts.icon.getAttribute("d") !== iconOf(said.state)) parts.icon.setAttribute("d", iconOf(said.state));
    put(parts.state, said.headline);
    put(parts.detail, said.detail);
    parts.detail.hidden = said.detail === "";
    parts.progress.hidden = said.progress === null;
    if (said.progress) {
      parts.progress.max = said.progress.total;
      parts.progress.value = said.progress.sent;
      parts.progress.ariaLabel = said.detail;
    }
    put(parts.attentionText, said.attention);
    parts.attention.hidden = said.attention === "";
    this.#announce(said);
  }

  #said(status: Status): Said {
    const given = Object.fromEntries(NAMES.flatMap((name) => {
      const text = this.getAttribute(`word-${name}`);
      return text === null ? [] : [[name, text]];
    }));
    const words: Record<string, Word> = { ...ENGLISH, ...this.#words, ...given };
    const said = say(status, words as unknown as Words, languageOf(this), Date.now());
    return this.compact ? compact(said, causesOf(status)) : said;
  }

  /** Says the state to screen readers once it has settled; the first is there to be read, at once. */
  #announce({ state, headline, attention }: Said): void {
    const text = [headline, attention].filter(Boolean).join(" · ");
    clearTimeout(this.#announcing);
    if (text === this.#announced) return;
    const announce = (): void => {
      this.#announced = text;
      if (this.#parts) put(this.#parts.announcement, text);
    };
    if (this.#announced === "") announce();
    else this.#announcing = setTimeout(announce, PASSING.has(state) ? PASSING_MS : SETTLED_MS);
  }
}

/** One line: what needs a person comes before all but a lack of network, and how many wait goes with the state. */
function compact(said: Said, causes: AttentionCause[]): Said {
  const isOff = said.state === "offline" || said.state === "limited";
  if (causes.length === 0 || isOff) return { ...said, detail: said.pending, attention: "", progress: null };
  return { ...said, state: "attention", headline: causes.length === 1 ? said.attention : said.needy, detail: "", attention: "", progress: null };
}

/** Text that is already there is left alone: writing it again would be announced. */
function put(part: HTMLElement, text: string): void {
  if (part.textContent !== text) part.textContent = text;
}

/** The language around an element, if it is one. */
function languageOf(element: Element): string | undefined {
  const lang = element.closest("[lang]")?.getAttribute("lang");
  try {
    return Intl.getCanonicalLocales(lang || undefined)[0];
  } catch {
    return undefined;
  }
}

/** Registers the element under a name, unless something has it already. */
export function defineThermoclineStatus(name = "thermocline-status"): void {
  const elements = globalThis.customElements;
  if (elements && !elements.get(name)) elements.define(name, class extends ThermoclineStatus {});
}

defineThermoclineStatus();

declare global {
  interface HTMLElementTagNameMap {
    "thermocline-status": ThermoclineStatus;
  }
}
