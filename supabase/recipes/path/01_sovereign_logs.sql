-- Recipe path, the universal log: chats, journals, sovereign entries and feedback in one table.
--
-- Needs shared. What a category's metadata must hold, and of what type, is checked; keys that are not named here are kept as they
-- come. Values of jsonb are compared as jsonb: two numbers are in the order of numbers, and no other type lies between them.

create table public.sovereign_logs (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  category text not null,
  content text not null,
  metadata jsonb not null default '{}',
  utc_offset_min smallint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint sovereign_logs_pkey primary key (id),
  constraint sovereign_logs_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint sovereign_logs_category_is_known check (category in ('chat', 'journal', 'sovereign', 'feedback')),
  constraint sovereign_logs_content_is_bounded check (length(content) <= 100000),
  constraint sovereign_logs_metadata_is_bounded check (octet_length(metadata::text) <= 262144),
  constraint sovereign_logs_utc_offset_min_is_offset check (utc_offset_min between -840 and 840),
  constraint sovereign_logs_chat_is_whole check (category <> 'chat' or (
    jsonb_typeof(metadata -> 'sessionId') = 'string' and jsonb_typeof(metadata -> 'messageId') = 'string'
    and coalesce(metadata ->> 'role', 'user') in ('user', 'assistant')) is true),
  constraint sovereign_logs_journal_is_whole check (category <> 'journal' or (
    jsonb_typeof(metadata -> 'journalId') = 'string' and metadata ->> 'routineType' in ('morning', 'evening')
    and coalesce(jsonb_typeof(metadata -> 'mood'), 'null') in ('string', 'null')
    and coalesce(jsonb_typeof(metadata -> 'physicalSensations'), 'null') in ('array', 'null')
    and coalesce(jsonb_typeof(metadata -> 'insights'), 'null') in ('string', 'null')) is true),
  constraint sovereign_logs_sovereign_is_whole check (category <> 'sovereign' or (
    jsonb_typeof(metadata -> 'entryId') = 'string'
    and metadata ->> 'entryType' in ('Urge/Symptom', 'Kata Performed', 'Win', 'Leak/Drain', 'Insight')
    and coalesce(jsonb_typeof(metadata -> 'urgeState'), 'null') in ('string', 'null')
    and coalesce(jsonb_typeof(metadata -> 'actionTaken'), 'null') in ('string', 'null')
    and coalesce(jsonb_typeof(metadata -> 'kataPerformed'), 'null') in ('array', 'null')
    and coalesce(jsonb_typeof(metadata -> 'analysisId'), 'null') in ('string', 'null')) is true),
  constraint sovereign_logs_energy_level_is_zero_to_ten check (category not in ('journal', 'sovereign')
    or metadata ->> 'energyLevel' is null or metadata -> 'energyLevel' between '0' and '10'),
  constraint sovereign_logs_feedback_is_whole check (category <> 'feedback' or (
    jsonb_typeof(metadata -> 'feedbackId') = 'string' and jsonb_typeof(metadata -> 'attunementId') = 'string'
    and metadata -> 'userRating' between '1' and '5' and jsonb_typeof(metadata -> 'hasCustomAnswer') = 'boolean'
    and coalesce(jsonb_typeof(metadata -> 'vectorized'), 'null') in ('boolean', 'null')) is true)
);
comment on table public.sovereign_logs is 'What a person said, wrote and lived through, with the coach''s words.';
comment on column public.sovereign_logs.metadata is 'What the category has beside its text.';
comment on column public.sovereign_logs.utc_offset_min is 'The device''s offset when it was written: local time is the instant and it.';
comment on column public.sovereign_logs.updated_at is 'Set by the server.';
create index sovereign_logs_by_time on public.sovereign_logs (user_id, created_at desc);
create index sovereign_logs_by_category on public.sovereign_logs (user_id, category, created_at desc);

create trigger sovereign_logs_set_server_columns before insert or update on public.sovereign_logs
  for each row execute function public.set_server_columns('updated_at');

alter table public.sovereign_logs enable row level security;
create policy sovereign_logs_are_read_by_owner on public.sovereign_logs for select to authenticated
  using ((select auth.uid()) = user_id);
create policy sovereign_logs_are_made_by_owner on public.sovereign_logs for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy sovereign_logs_are_changed_by_owner on public.sovereign_logs for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy sovereign_logs_are_deleted_by_owner on public.sovereign_logs for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.sovereign_logs from public, anon, authenticated;
grant select, insert, update, delete on public.sovereign_logs to authenticated, service_role;

select thermocline.enable('public.sovereign_logs', 'user_id', 'latest-wins', time_col => 'created_at');
