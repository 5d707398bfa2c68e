-- Daybook's entries: the table that the PWA keeps, and an example of how an app's own table is enabled.

create function public.set_times() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' then
    new.updated_at := old.updated_at;
    -- The revision columns, if there, do not count: an update that changes no value keeps its time (and so its revision).
    if to_jsonb(new) - '{_rev,_at}'::text[] is not distinct from to_jsonb(old) - '{_rev,_at}'::text[] then
      return new;
    end if;
  end if;
  new.updated_at := now();
  return new;
end $$;
comment on function public.set_times() is 'Sets updated_at, whatever the client sent; an update that changes nothing keeps it.';
revoke execute on function public.set_times() from public, anon, authenticated;

create table public.entries (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  title text not null,
  body text,
  mood smallint,
  amount numeric(12, 2),
  tags jsonb not null default '[]',
  meta jsonb,
  status text not null default 'open',
  pinned boolean not null default false,
  happened_on date,
  slug text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint entries_pkey primary key (id),
  constraint entries_user_id_slug_key unique (user_id, slug),
  constraint entries_title_is_short check (length(title) <= 500),
  constraint entries_body_is_bounded check (length(body) <= 100000),
  constraint entries_mood_is_one_to_five check (mood between 1 and 5)
);
comment on table public.entries is 'A user''s diary entries.';
comment on column public.entries.mood is 'From 1 (low) to 5 (high).';
comment on column public.entries.happened_on is 'The day it is about, local to the writer.';
comment on column public.entries.slug is 'A short name, unique among the user''s entries.';
comment on column public.entries.updated_at is 'Set by the server.';

create trigger entries_set_times before insert or update on public.entries
  for each row execute function public.set_times();

alter table public.entries enable row level security;
create policy entries_are_read_by_owner on public.entries for select to authenticated
  using ((select auth.uid()) = user_id);
create policy entries_are_made_by_owner on public.entries for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy entries_are_changed_by_owner on public.entries for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy entries_are_deleted_by_owner on public.entries for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.entries from public, anon, authenticated;
grant select, insert, update, delete on public.entries to authenticated, service_role;

select thermocline.enable('public.entries', 'user_id', 'merge', time_col => 'created_at');
