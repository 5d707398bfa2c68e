/** What this page can tell of a person without looking at what they do: minutes with input, and how often they left the page. */

const WINDOW_MS = 5 * 60_000;
const MINUTE_MS = 60_000;
const INPUTS = ["keydown", "pointerdown", "pointermove", "wheel"] as const;

export interface Sensor {
  /** 0 to 10, of the last five minutes. */
  focus(): number;
  /** No input for five minutes, or the page is hidden. */
  isIdle(): boolean;
  stop(): void;
}

/** `onInput` is called at the first input after a pause of at least a minute, and when the page is shown again. */
export function browserSensor(onInput: () => void): Sensor {
  const minutes = new Set<number>();
  let switches: number[] = [];
  let lastInput = Date.now();
  const input = (): void => {
    const now = Date.now();
    const isNew = !minutes.has(Math.floor(now / MINUTE_MS));
    minutes.add(Math.floor(now / MINUTE_MS));
    lastInput = now;
    if (isNew) onInput();
  };
  const turned = (): void => {
    if (document.visibilityState === "hidden") switches.push(Date.now());
    else input();
  };
  const forget = (now: number): void => {
    for (const minute of minutes) if ((minute + 1) * MINUTE_MS <= now - WINDOW_MS) minutes.delete(minute);
    switches = switches.filter((at) => at > now - WINDOW_MS);
  };
  for (const type of INPUTS) document.addEventListener(type, input, { capture: true, passive: true });
  document.addEventListener("visibilitychange", turned);
  return {
    focus() {
      forget(Date.now());
      return Math.max(0, Math.min(10, 2 * Math.min(minutes.size, 5) - switches.length));
    },
    isIdle: () => document.visibilityState === "hidden" || Date.now() - lastInput >= WINDOW_MS,
    stop() {
      for (const type of INPUTS) document.removeEventListener(type, input, { capture: true });
      document.removeEventListener("visibilitychange", turned);
    },
  };
}
