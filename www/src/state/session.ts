/**
 * Who is signed in on this device. A session that has expired while offline keeps its reader in: the
 * entries are theirs and on this device, only sync waits for the next sign-in.
 */

import { useEffect, useState } from "preact/hooks";
import { ENTRIES, useBackend, type Backend } from "../backend.ts";
import { syncedFromTheStart } from "../recipes.ts";

export type Reader =
  | { state: "unknown" }
  | { state: "signed-out" }
  | { state: "signed-in"; user: string; email: string | null };

export function useReader(): Reader {
  const { supabase, tc } = useBackend();
  const [reader, setReader] = useState<Reader>(() => readerOf(tc.status().user, null) ?? { state: "unknown" });
  useEffect(() => {
    const { data } = supabase.auth.onAuthStateChange((event, session) => {
      const kept = event === "SIGNED_OUT" ? null : tc.status().user;
      setReader(readerOf(session?.user.id ?? kept, session?.user.email ?? null) ?? { state: "signed-out" });
    });
    return () => data.subscription.unsubscribe();
  }, [supabase, tc]);
  return reader;
}

function readerOf(user: string | null, email: string | null): Reader | null {
  return user === null ? null : { state: "signed-in", user, email };
}

export interface Credentials {
  email: string;
  password: string;
}

/** Signs in and turns sync on: the reader has just said that these entries belong to the account. */
export async function signIn(backend: Backend, credentials: Credentials): Promise<void> {
  const { error } = await backend.supabase.auth.signInWithPassword(credentials);
  if (error) throw error;
  await startSync(backend);
}

/** True if the account is ready; false if the server first wants the e-mail address confirmed. */
export async function signUp(backend: Backend, credentials: Credentials): Promise<boolean> {
  const { data, error } = await backend.supabase.auth.signUp(credentials);
  if (error) throw error;
  if (!data.session) return false;
  await startSync(backend);
  return true;
}

/** Recipes whose sync is the reader's own choice are left out. */
export const startSync = ({ tc, config }: Backend): Promise<void> => tc.sync.start({ tables: [ENTRIES, ...syncedFromTheStart(config)] });

const LEFT = "daybook-left";

/** `unsent`: what becomes of changes that have not reached the server. Rejects with `unsynced_changes` if nobody has said. */
export async function signOut({ supabase, tc }: Backend, unsent?: "keep" | "discard"): Promise<void> {
  await tc.session.signOut(unsent ? { unsent } : {});
  localStorage.setItem(LEFT, "1");
  const { error } = await supabase.auth.signOut({ scope: "local" });
  if (error) throw error;
}

/** The demo user is signed in by itself, but not again after somebody has signed out. */
export function demoCredentials({ config }: Backend): Credentials | null {
  return config.demo && localStorage.getItem(LEFT) === null ? config.demo : null;
}
