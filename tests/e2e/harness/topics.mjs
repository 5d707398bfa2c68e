// Two tables beside `entries`: topics with a natural key, and cards that refer to them and go with them.

export const TOPICS = ['topics', 'cards']

/** Makes them on a server, and enables them. */
export async function makeTopics(server) {
  await server.sql(`create table public.topics (id uuid primary key default gen_random_uuid(), user_id uuid not null default auth.uid(),
    name text not null, note text, constraint topics_name unique (user_id, name), constraint topics_owned unique (id, user_id))`)
  await server.sql(`create table public.cards (id uuid primary key default gen_random_uuid(), user_id uuid not null default auth.uid(),
    topic uuid, text text, foreign key (topic, user_id) references public.topics (id, user_id) on delete cascade)`)
  for (const table of TOPICS) {
    await server.sql(`alter table public.${table} enable row level security`)
    await server.sql(`create policy own on public.${table} for all to authenticated using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id)`)
    await server.sql(`grant select, insert, update, delete on public.${table} to authenticated`)
  }
  await server.sql(`select thermocline.enable('public.topics', 'user_id', 'merge', natural_key => '{user_id,name}')`)
  await server.sql(`select thermocline.enable('public.cards', 'user_id', 'merge')`)
}
