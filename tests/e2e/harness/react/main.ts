// An app of React's on Thermocline: what it renders, and how much it listens to, are left where a test reaches them.

import { createClient } from "@supabase/supabase-js";
import { createElement as element, StrictMode, version } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import { openThermocline, type Options, type Thermocline } from "thermocline";
import { Diary, type Given } from "./diary.js";

/** Live queries and listeners that have been started and not stopped; and how many were started at all. */
const listening = { now: 0, ever: 0 };
const renders: string[] = [];
const given: Given = { tc: null, supabase: null, status: "open", keepRows: false, onRender: (shown) => renders.push(shown) };
let root: Root | undefined;

function counted<Call extends (...args: never[]) => () => void>(call: Call): Call {
  return ((...args) => {
    const stop = call(...args);
    let stopped = false;
    [listening.now, listening.ever] = [listening.now + 1, listening.ever + 1];
    return () => {
      if (!stopped) listening.now -= 1;
      stopped = true;
      stop();
    };
  }) as Call;
}

async function open_(options: Options): Promise<void> {
  const tc: Thermocline = await openThermocline(options);
  const supabase = createClient(options.url, options.key, { global: { fetch: tc.fetch } });
  Object.assign(given, { tc: { ...tc, live: counted(tc.live), on: counted(tc.on as never) }, supabase });
  Object.assign(window, { tc, supabase });
}

const view = () => element(StrictMode, null, element(Diary, { ...given }));
const place = document.getElementById("app")!;

Object.assign(window, {
  open_,
  version,
  listening,
  renders,
  render(changes: Partial<Given>) {
    Object.assign(given, changes);
    root ??= createRoot(place);
    root.render(view());
  },
  /** Takes over what a server rendered, where there was no database. */
  hydrate(html: string) {
    place.innerHTML = html;
    const { tc, supabase } = given;
    Object.assign(given, { tc: null, supabase: null });
    const problems: string[] = [];
    root = hydrateRoot(place, view(), { onRecoverableError: (error) => problems.push(String(error)) });
    Object.assign(given, { tc, supabase });
    return problems;
  },
  leave() {
    root?.unmount();
    root = undefined;
  },
});
document.body.dataset["ready"] = "true";
