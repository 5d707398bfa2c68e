/** What `<thermocline-status>` is made of: the parts in its shadow, its icons, its style. Nothing in here knows a status. */
import type { ShownState } from "./element-words.js";

/** Line icons on 24 × 24, drawn here so that nothing has to be fetched for them. Each state has a shape of its own. */
const ARROWS = "M4.5 11a7.6 7.6 0 0 1 13-4.4L20 9m0-5v5h-5M19.5 13a7.6 7.6 0 0 1-13 4.4L4 15m0 5v-5h5";
const CLOUD = "M4 4l16 16M8.5 8.8A6 6 0 0 0 7 19h10c.7 0 1.3-.1 1.9-.4M11 7.1A6 6 0 0 1 17.6 11a4 4 0 0 1 3.2 5.2";
const ICONS: Record<ShownState, string> = {
  synced: "m5 12.5 4.5 4.5L19 7.5",
  sending: ARROWS,
  fetching: ARROWS,
  waiting: "M12 20V8m0 0-5 5m5-5 5 5M5 4h14",
  retrying: ARROWS,
  offline: CLOUD,
  limited: "M7 19h10a4 4 0 0 0 .6-7.95A6 6 0 0 0 6 9.5 4.8 4.8 0 0 0 7 19Zm5-9v3m0 2.8v.1",
  stopped: "M9 6v12M15 6v12",
  attention: "M12 4 2.8 20h18.4L12 4Zm0 6v4.5m0 2.6v.1",
};

const STYLE = `
  :host {
    --_good: var(--thermocline-status-good, light-dark(#19643f, #83d3a6));
    --_busy: var(--thermocline-status-busy, light-dark(#0b626e, #6fcbd5));
    --_wait: var(--thermocline-status-wait, light-dark(#7a4f00, #ecbd6c));
    --_bad: var(--thermocline-status-bad, light-dark(#a8231b, #ff9d93));
    --_tone: var(--thermocline-status-off, currentcolor);
    display: inline-flex; flex-wrap: wrap; align-items: center; gap: var(--thermocline-status-gap, 0.25em 0.6em);
    font-variant-numeric: tabular-nums; text-align: start;
  }
  :host([hidden]), [hidden] { display: none !important; }
  :host([data-state="synced"]) { --_tone: var(--_good); }
  :host(:is([data-state="sending"], [data-state="fetching"])) { --_tone: var(--_busy); }
  :host(:is([data-state="waiting"], [data-state="retrying"])) { --_tone: var(--_wait); }
  :host([data-state="attention"]) { --_tone: var(--_bad); }
  [part="line"] { display: inline-flex; align-items: center; gap: 0.4em; }
  svg {
    flex: none; width: 1.25em; height: 1.25em; fill: none; stroke: var(--_tone); stroke-width: 1.75;
    stroke-linecap: round; stroke-linejoin: round;
  }
  button svg { stroke: currentcolor; }
  [part="state"] { font-weight: 600; }
  progress {
    flex: 1 1 6em; width: 6em; max-width: 12em; height: 0.4em; overflow: hidden; appearance: none;
    background: color-mix(in srgb, currentcolor 20%, transparent); border: 0; border-radius: 1em;
  }
  progress::-webkit-progress-bar { background: none; }
  progress::-webkit-progress-value { background: var(--_busy); }
  progress::-moz-progress-bar { background: var(--_busy); }
  button {
    display: inline-flex; align-items: center; gap: 0.4em; min-height: 24px; padding: 0.15em 0.6em; font: inherit;
    font-weight: 600; text-align: start; color: var(--_bad); background: none; border: 1px solid; border-radius: 0.5em; cursor: pointer;
  }
  button:focus-visible { outline: 2px solid; outline-offset: 2px; }
  [part="announcement"] { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  @media (prefers-reduced-motion: no-preference) {
    :host(:is([data-state="sending"], [data-state="fetching"])) [part="icon"] { animation: turn 1.6s linear infinite; }
    @keyframes turn { to { rotate: 360deg; } }
  }
  @media (forced-colors: active) {
    svg { stroke: currentcolor; }
    progress { border: 1px solid; }
    progress::-webkit-progress-value { background: Highlight; forced-color-adjust: none; }
  }
`;

let sheet: CSSStyleSheet | undefined;

/** The style, once for all elements of a page. A page's policy on inline styles does not touch it. */
function styled(root: ShadowRoot): void {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
  }
  root.adoptedStyleSheets = [sheet];
}

export interface Parts {
  icon: SVGPathElement;
  state: HTMLElement;
  detail: HTMLElement;
  progress: HTMLProgressElement;
  attention: HTMLButtonElement;
  attentionText: HTMLElement;
  /** The polite live region: what a screen reader hears. */
  announcement: HTMLElement;
}

/** Fills a shadow root; everything in it is hidden from view until there is something to show. */
export function partsIn(root: ShadowRoot): Parts {
  styled(root);
  const part = <Name extends keyof HTMLElementTagNameMap>(tag: Name, name: string): HTMLElementTagNameMap[Name] => {
    const made = document.createElement(tag);
    made.setAttribute("part", name);
    return made;
  };
  const line = part("span", "line");
  const [state, detail, attentionText] = [part("span", "state"), part("span", "detail"), part("span", "attention-text")];
  const [progress, attention, announcement] = [part("progress", "progress"), part("button", "attention"), part("span", "announcement")];
  const icon = iconIn(line, "icon");
  line.append(state);
  line.ariaHidden = "true"; // the live region says the same, and does not flicker
  attention.type = "button";
  iconIn(attention, "attention-icon").setAttribute("d", ICONS.attention);
  attention.append(attentionText);
  announcement.role = "status";
  announcement.ariaLive = "polite";
  root.append(line, announcement, detail, progress, attention);
  return { icon, state, detail, progress, attention, attentionText, announcement };
}

const SVG = "http://www.w3.org/2000/svg";

function iconIn(parent: Element, name: string): SVGPathElement {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of [["part", name], ["viewBox", "0 0 24 24"], ["aria-hidden", "true"], ["focusable", "false"]]) {
    svg.setAttribute(key!, value!);
  }
  const path = document.createElementNS(SVG, "path");
  svg.append(path);
  parent.append(svg);
  return path;
}

export const iconOf = (state: ShownState): string => ICONS[state];
