/** Says on every view that a change needs the reader, once for each, and where. It covers little and goes when it is sent away. */

import type { OutboxEntry } from "thermocline";
import { useEffect, useState } from "preact/hooks";
import { useBackend } from "../backend.ts";
import { useStatus } from "../state/live.ts";
import { href } from "../state/route.ts";
import { count } from "../words.ts";
import { Icon } from "./icon.tsx";

export function Attention() {
  const { tc } = useBackend();
  const { refused, conflicts } = useStatus();
  const [news, setNews] = useState<OutboxEntry[]>([]);
  useEffect(() => tc.on("attention", (now) => {
    const fresh = untold(now.filter(({ cause }) => cause === "refused" || cause === "conflict").flatMap(({ entries }) => entries));
    if (fresh.length > 0) setNews(fresh);
  }), [tc]);

  const [first] = refused + conflicts > 0 ? news : [];
  const close = (): void => {
    setNews([]);
    document.getElementById("content")?.focus();
  };
  return (
    <aside class="attention" aria-label="News" data-open={first !== undefined}>
      <p role="status">
        {first && <><Icon name="refused" /><span>{words(news)}</span></>}
      </p>
      {first && (
        <>
          <a class="button" href={href({ view: "sync", change: first.id })} onClick={() => setNews([])}>See it</a>
          <button type="button" class="button icon-only" aria-label="Close" onClick={close}><Icon name="close" /></button>
        </>
      )}
    </aside>
  );
}

const TOLD = "daybook-told";

/** Those that this tab has not told of yet; it remembers across reloads. */
function untold(entries: OutboxEntry[]): OutboxEntry[] {
  const told = (sessionStorage.getItem(TOLD) ?? "").split(" ");
  sessionStorage.setItem(TOLD, entries.map(({ id }) => id).join(" "));
  return entries.filter(({ id }) => !told.includes(id));
}

function words(news: OutboxEntry[]): string {
  if (news.length > 1) return `${count(news.length)} changes need you.`;
  return news[0]?.state === "conflict" ? "An entry was changed here and elsewhere." : "The server refused a change.";
}
