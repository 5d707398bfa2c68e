/** Says on every view that something needs the reader, once for each, and where. It covers little and goes when it is sent away. */

import type { Attention as News } from "thermocline";
import { useEffect, useState } from "preact/hooks";
import { useBackend } from "../backend.ts";
import { useStatus } from "../state/live.ts";
import { href } from "../state/route.ts";
import { count } from "../words.ts";
import { Icon } from "./icon.tsx";

export function Attention() {
  const { tc } = useBackend();
  const { attention } = useStatus();
  const [told, setTold] = useState<News[]>([]);
  useEffect(() => tc.on("attention", (now) => {
    const fresh = untold(now);
    if (fresh.length > 0) setTold(fresh);
  }), [tc]);
  useEffect(() => forgetPassed(attention), [attention.join()]);

  const news = told.filter(({ cause }) => attention.includes(cause));
  const close = (): void => {
    setTold([]);
    document.getElementById("content")?.focus();
  };
  return (
    <aside class="attention" aria-label="News" data-open={news.length > 0}>
      <p role="status">
        {news.length > 0 && <><Icon name="refused" /><span>{words(news)}</span></>}
      </p>
      {news.length > 0 && (
        <>
          <a class="button" href={href(placeOf(news))} onClick={() => setTold([])}>See it</a>
          <button type="button" class="button icon-only" aria-label="Close" onClick={close}><Icon name="close" /></button>
        </>
      )}
    </aside>
  );
}

const TOLD = "daybook-told";
const read = (): string[] => (sessionStorage.getItem(TOLD) ?? "").split(" ");
const write = (keys: string[]): void => sessionStorage.setItem(TOLD, keys.join(" "));
/** Of failing rounds there is one at a time. */
const keysOf = ({ cause, entries }: News): string[] => (cause === "failing" ? [cause] : entries.map(({ id }) => `${cause}/${id}`));

/** What this tab has not told of yet; it remembers across reloads. */
function untold(now: News[]): News[] {
  const before = read();
  write(now.flatMap(keysOf));
  return now.flatMap((news) => {
    if (keysOf(news).every((key) => before.includes(key))) return [];
    return [{ ...news, entries: news.entries.filter(({ id }) => !before.includes(`${news.cause}/${id}`)) }];
  });
}

/** Rounds that fail once more later are news again. */
function forgetPassed(attention: string[]): void {
  const kept = read().filter((key) => attention.includes(key.split("/")[0]!));
  write(kept);
}

/** A change that waits has no place of its own to go to. */
function placeOf(news: News[]): { view: "sync"; change?: string } {
  const first = news.flatMap(({ cause, entries }) => (cause === "refused" || cause === "conflict" ? entries : []))[0];
  return first ? { view: "sync", change: first.id } : { view: "sync" };
}

const WORDS: Record<News["cause"], string> = {
  refused: "The server refused a change.",
  conflict: "An entry was changed here and elsewhere.",
  overdue: "A change has waited for more than a day.",
  failing: "Sync keeps failing.",
};

function words(news: News[]): string {
  const [first] = news;
  const changes = news.reduce((sum, { entries }) => sum + entries.length, 0);
  return changes > 1 || !first ? `${count(changes)} changes need you.` : WORDS[first.cause];
}
