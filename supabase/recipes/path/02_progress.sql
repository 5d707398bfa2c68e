-- Recipe path, progress: completed routines, the streak folded from them, and achievements.
--
-- Needs shared. A routine is completed once a day, whichever device says so. Achievements only grow, whatever order their changes
-- arrive in: an update can neither lower progress, nor lock again, nor move an unlocking to a later date.

create table public.routine_completions (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  date date not null,
  routine text not null,
  completed_at timestamptz not null,
  utc_offset_min smallint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint routine_completions_pkey primary key (id),
  constraint routine_completions_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint routine_completions_user_id_date_routine_key unique (user_id, date, routine),
  constraint routine_completions_routine_is_known check (routine in ('morning', 'evening')),
  constraint routine_completions_utc_offset_min_is_offset check (utc_offset_min between -840 and 840)
);
comment on table public.routine_completions is 'Routines that were completed.';
comment on column public.routine_completions.date is 'The day it counts for, local to the person.';
comment on column public.routine_completions.updated_at is 'Set by the server.';

create trigger routine_completions_set_server_columns before insert or update on public.routine_completions
  for each row execute function public.set_server_columns('updated_at');

alter table public.routine_completions enable row level security;
create policy routine_completions_are_read_by_owner on public.routine_completions for select to authenticated
  using ((select auth.uid()) = user_id);
create policy routine_completions_are_made_by_owner on public.routine_completions for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy routine_completions_are_changed_by_owner on public.routine_completions for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy routine_completions_are_deleted_by_owner on public.routine_completions for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.routine_completions from public, anon, authenticated;
grant select, insert, update, delete on public.routine_completions to authenticated, service_role;

select thermocline.enable('public.routine_completions', 'user_id', 'remote-wins', time_col => 'date',
  natural_key => '{user_id,date,routine}');

create table public.user_progress (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  compliance_streak integer not null default 0,
  last_completed_date date,
  total_completions integer not null default 0,
  best_streak integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint user_progress_pkey primary key (id),
  constraint user_progress_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint user_progress_user_id_key unique (user_id),
  constraint user_progress_compliance_streak_is_count check (compliance_streak >= 0),
  constraint user_progress_total_completions_is_count check (total_completions >= 0),
  constraint user_progress_best_streak_is_count check (best_streak >= 0)
);
comment on table public.user_progress is 'A user''s figures, folded from the completions.';
comment on column public.user_progress.compliance_streak is 'Days in a row up to last_completed_date.';
comment on column public.user_progress.best_streak is 'The longest there was.';
comment on column public.user_progress.updated_at is 'Set by the server.';

create trigger user_progress_set_server_columns before insert or update on public.user_progress
  for each row execute function public.set_server_columns('updated_at');

alter table public.user_progress enable row level security;
create policy user_progress_are_read_by_owner on public.user_progress for select to authenticated
  using ((select auth.uid()) = user_id);
create policy user_progress_are_made_by_owner on public.user_progress for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy user_progress_are_changed_by_owner on public.user_progress for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy user_progress_are_deleted_by_owner on public.user_progress for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.user_progress from public, anon, authenticated;
grant select, insert, update, delete on public.user_progress to authenticated, service_role;

select thermocline.enable('public.user_progress', 'user_id', 'latest-wins', natural_key => '{user_id}');

create function public.grow_achievement() returns trigger
  language plpgsql set search_path = ''
as $$
begin
  new.progress := greatest(old.progress, new.progress);
  new.unlocked := old.unlocked or new.unlocked;
  new.unlocked_date := least(old.unlocked_date, new.unlocked_date);
  return new;
end $$;
comment on function public.grow_achievement() is 'Lets an achievement only grow: greatest progress, unlocked once unlocked, earliest date.';
revoke execute on function public.grow_achievement() from public, anon, authenticated;

create table public.achievements (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  achievement_id text not null,
  unlocked boolean not null default false,
  unlocked_date timestamptz,
  progress integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint achievements_pkey primary key (id),
  constraint achievements_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint achievements_user_id_achievement_id_key unique (user_id, achievement_id),
  constraint achievements_achievement_id_is_key check (length(achievement_id) between 1 and 64),
  constraint achievements_progress_is_count check (progress >= 0)
);
comment on table public.achievements is 'How far a user is with each achievement. Titles and texts live in the app.';
comment on column public.achievements.unlocked_date is 'When the step was made that unlocked it.';
comment on column public.achievements.updated_at is 'Set by the server.';
create index achievements_by_unlocked on public.achievements (user_id, unlocked);

-- Its name sorts before that of set_server_columns: an update that is grown back to nothing changes no time.
create trigger achievements_grow before update on public.achievements
  for each row execute function public.grow_achievement();

create trigger achievements_set_server_columns before insert or update on public.achievements
  for each row execute function public.set_server_columns('updated_at');

alter table public.achievements enable row level security;
create policy achievements_are_read_by_owner on public.achievements for select to authenticated
  using ((select auth.uid()) = user_id);
create policy achievements_are_made_by_owner on public.achievements for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy achievements_are_changed_by_owner on public.achievements for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy achievements_are_deleted_by_owner on public.achievements for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.achievements from public, anon, authenticated;
grant select, insert, update, delete on public.achievements to authenticated, service_role;

select thermocline.enable('public.achievements', 'user_id', 'local-wins', natural_key => '{user_id,achievement_id}');
