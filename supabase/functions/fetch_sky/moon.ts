// The moon from its age alone (RECIPES 5.6), as the device has it: a mean month since a known new moon.

const NEW_MOON_MS = Date.UTC(2000, 0, 6, 18, 14);
const DAY_MS = 86_400_000;
const MONTH_DAYS = 29.530588853;

export interface Moon {
  /** Days since new moon, two decimals. */
  age: number;
  /** 0 new, 2 first quarter, 4 full, 6 last quarter. */
  phase: number;
  /** How much of it is lit, whole percent. */
  litPercent: number;
}

/** `at` is in milliseconds since 1970. */
export function moonAt(at: number): Moon {
  const days = (at - NEW_MOON_MS) / DAY_MS;
  const age = days - Math.floor(days / MONTH_DAYS) * MONTH_DAYS;
  const turn = age / MONTH_DAYS;
  return {
    age: Math.round(age * 100) / 100,
    phase: Math.floor(turn * 8 + 0.5) % 8,
    litPercent: Math.round((1 - Math.cos(2 * Math.PI * turn)) * 50),
  };
}
