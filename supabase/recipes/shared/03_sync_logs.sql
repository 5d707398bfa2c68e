-- The log of sync rounds: numbers only, never a row's content. Kept 30 days. Can be run again.
--
-- apply_deltas writes a row for each batch that it passes on; a device writes one for a direct round that failed or was partly
-- refused. It is a synced table itself, so that a person sees the rounds of all devices.

create table if not exists public.sync_logs (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  client_id text,
  function text not null,
  status text not null,
  received int not null default 0,
  applied int not null default 0,
  duplicates int not null default 0,
  conflicts int not null default 0,
  rejected int not null default 0,
  bytes_in int,
  compressed boolean,
  error_code text,
  duration_ms int,
  created_at timestamptz not null default now(),
  constraint sync_logs_pkey primary key (id),
  constraint sync_logs_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint sync_logs_status_is_known check (status in ('ok', 'partial', 'failed')),
  constraint sync_logs_texts_are_short check (length(function) between 1 and 64 and length(client_id) <= 100 and length(error_code) <= 64),
  constraint sync_logs_counts_are_counts check (received >= 0 and applied >= 0 and duplicates >= 0 and conflicts >= 0 and rejected >= 0),
  constraint sync_logs_measures_are_positive check (bytes_in >= 0 and duration_ms >= 0)
);
comment on table public.sync_logs is 'Batches that were pushed: numbers and an error code, no content. Never changed; kept 30 days.';
comment on column public.sync_logs.function is 'The way they went: apply_deltas, or direct.';
comment on column public.sync_logs.applied is 'Answered applied or merged, and not before.';
comment on column public.sync_logs.conflicts is 'Answered conflict or superseded.';
comment on column public.sync_logs.rejected is 'Answered rejected, hidden or blocked.';
comment on column public.sync_logs.bytes_in is 'Length of the body as it came.';
create index if not exists sync_logs_user_id_created_at_idx on public.sync_logs (user_id, created_at desc);

alter table public.sync_logs enable row level security;
drop policy if exists sync_logs_are_read_by_owner on public.sync_logs;
create policy sync_logs_are_read_by_owner on public.sync_logs for select to authenticated using ((select auth.uid()) = user_id);
drop policy if exists sync_logs_are_made_by_owner on public.sync_logs;
create policy sync_logs_are_made_by_owner on public.sync_logs for insert to authenticated with check ((select auth.uid()) = user_id);
drop policy if exists sync_logs_are_deleted_by_owner on public.sync_logs;
create policy sync_logs_are_deleted_by_owner on public.sync_logs for delete to authenticated using ((select auth.uid()) = user_id);
revoke all on public.sync_logs from public, anon, authenticated;
grant select, insert, delete on public.sync_logs to authenticated;
grant select, insert, update, delete on public.sync_logs to service_role;

select thermocline.enable('public.sync_logs', 'user_id', 'remote-wins', time_col => 'created_at');

-- For the project's owner: what went wrong, by the hour. Ready for any alerting.
create or replace view public.sync_health with (security_invoker = true) as
  select date_trunc('hour', created_at) as hour, function, error_code, count(*) as count, count(distinct user_id) as users
    from public.sync_logs group by 1, 2, 3;
comment on view public.sync_health is 'Logged batches by hour, way and error code, over all users; for the project''s owner only.';
revoke all on public.sync_health from public, anon, authenticated, service_role;

create or replace function public.purge_sync_logs(max_rows int default 10000) returns bigint
  language sql volatile set search_path = ''
as $$
  with old as materialized (
    select id from public.sync_logs where created_at < now() - interval '30 days' order by created_at limit max_rows),
  gone as (delete from public.sync_logs l using old where l.id = old.id returning 1)
  select count(*) from gone
$$;
comment on function public.purge_sync_logs(int) is 'Deletes log rows older than 30 days, at most so many a run, and answers how many. A daily job; not for clients.';
revoke execute on function public.purge_sync_logs(int) from public, anon, authenticated, service_role;
