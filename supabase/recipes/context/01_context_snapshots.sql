-- Recipe context: a person's state at a moment (RECIPES 4.1).
--
-- The id is derived from user_id and context_hash, and the hash from the state and five minutes of time (4.3), so that the same reading
-- of one user on several devices is one row, and another user's never collides. Policy `version`: an edit of an older version is skipped.

create table public.context_snapshots (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  recorded_at timestamptz not null,
  utc_offset_min smallint not null default 0,
  focus_level numeric(4, 2) not null,
  energy_level numeric(4, 2) not null,
  mood_state text not null,
  activity_pattern text not null,
  context_hash text not null,
  version int not null default 1,
  source text not null default 'manual',
  synced_at timestamptz not null default now(),
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint context_snapshots_pkey primary key (id),
  constraint context_snapshots_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint context_snapshots_natural_key unique (user_id, context_hash),
  constraint context_snapshots_utc_offset_min_is_an_offset check (utc_offset_min between -840 and 840),
  constraint context_snapshots_focus_level_is_on_the_scale check (focus_level between 0 and 10),
  constraint context_snapshots_energy_level_is_on_the_scale check (energy_level between 0 and 10),
  constraint context_snapshots_mood_state_is_short check (length(mood_state) between 1 and 40),
  constraint context_snapshots_mood_state_is_plain check (mood_state = lower(btrim(mood_state))),
  constraint context_snapshots_activity_pattern_is_short check (length(activity_pattern) between 1 and 40),
  constraint context_snapshots_activity_pattern_is_plain check (activity_pattern = lower(btrim(activity_pattern))),
  constraint context_snapshots_context_hash_is_a_hash check (length(context_hash) = 32),
  constraint context_snapshots_source_is_known check (source in ('manual', 'sensor'))
);
comment on table public.context_snapshots is 'Readings of a person''s state: focus, energy, mood and activity.';
comment on column public.context_snapshots.recorded_at is 'When it was read, by the device''s clock; insights ignore what is in the future.';
comment on column public.context_snapshots.utc_offset_min is 'The device''s offset at that moment, in minutes: local time is recorded_at plus this.';
comment on column public.context_snapshots.focus_level is 'From 0.00 to 10.00.';
comment on column public.context_snapshots.context_hash is 'UUIDv5 over user, state and five minutes of time, as 32 hex digits; an edit keeps it.';
comment on column public.context_snapshots.version is 'Raised by each update.';
create index context_snapshots_user_id_recorded_at_idx on public.context_snapshots (user_id, recorded_at desc);

create trigger context_snapshots_set_server_columns before insert or update on public.context_snapshots
  for each row execute function public.set_server_columns('synced_at', 'inserted_at', 'updated_at', 'version');

alter table public.context_snapshots enable row level security;
create policy context_snapshots_are_read_by_owner on public.context_snapshots for select to authenticated
  using ((select auth.uid()) = user_id);
create policy context_snapshots_are_made_by_owner on public.context_snapshots for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy context_snapshots_are_changed_by_owner on public.context_snapshots for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy context_snapshots_are_deleted_by_owner on public.context_snapshots for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.context_snapshots from public, anon, authenticated;
grant select, insert, update, delete on public.context_snapshots to authenticated, service_role;

select thermocline.enable('public.context_snapshots', 'user_id', 'version', time_col => 'recorded_at', natural_key => '{user_id,context_hash}');
