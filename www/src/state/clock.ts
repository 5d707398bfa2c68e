/** The time, for texts such as “3 minutes ago”: a view that uses it renders again every so often. */

import { useEffect, useState } from "preact/hooks";

export function useNow(everyMs = 15_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
