-- Recipe projects, what a person plans: projects, the weeks, and the todos of both.
--
-- Needs shared. A project that goes leaves its todos behind, without a project. What an import brings keeps the foreign id in
-- legacy_id, from which devices derive the row's id. Scores and summaries are computed on the device and are no columns here:
-- they must not cause conflicts. Invariant: a row's parent is its owner's.

create table public.projects (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  intention_id text,
  title text not null,
  description text not null default '',
  why text not null default '',
  status text not null default 'active',
  priority text not null default 'medium',
  progress integer not null default 0,
  legacy_id text,
  completed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint projects_pkey primary key (id),
  constraint projects_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint projects_id_user_id_key unique (id, user_id),
  constraint projects_user_id_legacy_id_key unique (user_id, legacy_id),
  constraint projects_intention_id_is_short check (length(intention_id) <= 500),
  constraint projects_title_is_short check (length(title) <= 500),
  constraint projects_description_is_bounded check (length(description) <= 100000),
  constraint projects_why_is_bounded check (length(why) <= 100000),
  constraint projects_status_is_known check (status in ('active', 'paused', 'completed', 'archived')),
  constraint projects_priority_is_known check (priority in ('low', 'medium', 'high')),
  constraint projects_progress_is_percent check (progress between 0 and 100),
  constraint projects_legacy_id_is_short check (length(legacy_id) <= 500)
);
comment on table public.projects is 'A user''s projects.';
comment on column public.projects.intention_id is 'Of the intention it came from, in the app''s own words; null: none.';
comment on column public.projects.why is 'Why it matters to the person.';
comment on column public.projects.progress is 'In percent.';
comment on column public.projects.legacy_id is 'Its id in the store it was imported from; null: made here.';
comment on column public.projects.updated_at is 'Set by the server.';
create index projects_by_change on public.projects (user_id, status, updated_at desc);

create trigger projects_set_server_columns before insert or update on public.projects
  for each row execute function public.set_server_columns('updated_at');

alter table public.projects enable row level security;
create policy projects_are_read_by_owner on public.projects for select to authenticated
  using ((select auth.uid()) = user_id);
create policy projects_are_made_by_owner on public.projects for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy projects_are_changed_by_owner on public.projects for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy projects_are_deleted_by_owner on public.projects for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.projects from public, anon, authenticated;
grant select, insert, update, delete on public.projects to authenticated, service_role;

select thermocline.enable('public.projects', 'user_id', 'ask', natural_key => '{user_id,legacy_id}');

create table public.weekly_goals (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  week_start_date date not null,
  total_estimated_hours numeric(7, 2) not null default 0,
  completion_rate integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint weekly_goals_pkey primary key (id),
  constraint weekly_goals_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint weekly_goals_user_id_week_start_date_key unique (user_id, week_start_date),
  constraint weekly_goals_week_start_date_is_monday check (extract(isodow from week_start_date) = 1),
  -- The upper bound keeps NaN out, which is greater than all numbers.
  constraint weekly_goals_total_estimated_hours_is_positive check (total_estimated_hours between 0 and 99999.99),
  constraint weekly_goals_completion_rate_is_percent check (completion_rate between 0 and 100)
);
comment on table public.weekly_goals is 'A week''s figures, folded from its todos.';
comment on column public.weekly_goals.week_start_date is 'Its Monday, local to the person.';
comment on column public.weekly_goals.total_estimated_hours is 'Of the week''s todos that are committed or done.';
comment on column public.weekly_goals.completion_rate is 'Percent of those hours that are done.';
comment on column public.weekly_goals.updated_at is 'Set by the server.';

create trigger weekly_goals_set_server_columns before insert or update on public.weekly_goals
  for each row execute function public.set_server_columns('updated_at');

alter table public.weekly_goals enable row level security;
create policy weekly_goals_are_read_by_owner on public.weekly_goals for select to authenticated
  using ((select auth.uid()) = user_id);
create policy weekly_goals_are_made_by_owner on public.weekly_goals for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy weekly_goals_are_changed_by_owner on public.weekly_goals for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy weekly_goals_are_deleted_by_owner on public.weekly_goals for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.weekly_goals from public, anon, authenticated;
grant select, insert, update, delete on public.weekly_goals to authenticated, service_role;

select thermocline.enable('public.weekly_goals', 'user_id', 'merge', time_col => 'week_start_date',
  natural_key => '{user_id,week_start_date}');

create table public.todos (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  project_id uuid,
  title text not null,
  description text not null default '',
  status text not null default 'dumped',
  priority text not null default 'medium',
  estimated_hours numeric(6, 2) not null default 1,
  actual_hours numeric(6, 2) not null default 0,
  week_start_date date,
  completed_at timestamptz,
  legacy_id text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint todos_pkey primary key (id),
  constraint todos_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint todos_project_id_fkey foreign key (project_id, user_id) references public.projects (id, user_id)
    on delete set null (project_id),
  constraint todos_id_user_id_key unique (id, user_id),
  constraint todos_user_id_legacy_id_key unique (user_id, legacy_id),
  constraint todos_title_is_short check (length(title) <= 500),
  constraint todos_description_is_bounded check (length(description) <= 100000),
  constraint todos_status_is_known check (status in ('dumped', 'matched', 'refined', 'confirmed', 'committed', 'done', 'dropped')),
  constraint todos_priority_is_known check (priority in ('low', 'medium', 'high')),
  constraint todos_estimated_hours_is_positive check (estimated_hours between 0 and 9999.99),
  constraint todos_actual_hours_is_positive check (actual_hours between 0 and 9999.99),
  constraint todos_week_start_date_is_monday check (extract(isodow from week_start_date) = 1),
  constraint todos_legacy_id_is_short check (length(legacy_id) <= 500)
);
comment on table public.todos is 'What is to be done, for a project or none yet.';
comment on column public.todos.project_id is 'Null: of no project, or of one that is gone.';
comment on column public.todos.status is 'Where it is on its way from the dump to done.';
comment on column public.todos.week_start_date is 'Monday of the week it is committed to.';
comment on column public.todos.legacy_id is 'Its id in the store it was imported from; null: made here.';
comment on column public.todos.updated_at is 'Set by the server.';
create index todos_by_project on public.todos (user_id, project_id);
create index todos_by_week on public.todos (user_id, week_start_date);

create trigger todos_set_server_columns before insert or update on public.todos
  for each row execute function public.set_server_columns('updated_at');

alter table public.todos enable row level security;
create policy todos_are_read_by_owner on public.todos for select to authenticated
  using ((select auth.uid()) = user_id);
create policy todos_are_made_by_owner on public.todos for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy todos_are_changed_by_owner on public.todos for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy todos_are_deleted_by_owner on public.todos for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.todos from public, anon, authenticated;
grant select, insert, update, delete on public.todos to authenticated, service_role;

select thermocline.enable('public.todos', 'user_id', 'ask', natural_key => '{user_id,legacy_id}');
