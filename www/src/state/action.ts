/** What a view does on request: one action at a time, and what came of the last one, in words. */

import { useRef, useState } from "preact/hooks";
import { explain } from "../failures.ts";

export interface Action {
  /** Carries out `work`, unless another is under way; what it resolves to is said to the reader. */
  run: (work: () => Promise<string>) => void;
  result: string;
  problem: string | null;
}

/** `onEnd` brings the view up to date after every action, whether it worked or not. */
export function useAction(onEnd: () => Promise<void>): Action {
  const working = useRef(false);
  const [result, setResult] = useState("");
  const [problem, setProblem] = useState<string | null>(null);

  const carryOut = async (work: () => Promise<string>): Promise<void> => {
    setResult("One moment…");
    setProblem(null);
    const { said, wrong } = await work().then(
      (words) => ({ said: words, wrong: null }),
      (error: unknown) => ({ said: "", wrong: explain(error) }),
    );
    await onEnd();
    setResult(said);
    setProblem(wrong);
  };
  // The buttons stay enabled meanwhile: one that is disabled loses the keyboard's focus.
  const run = (work: () => Promise<string>): void => {
    if (working.current) return;
    working.current = true;
    void carryOut(work).finally(() => (working.current = false));
  };
  return { run, result, problem };
}
