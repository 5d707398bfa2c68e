-- Recipe projects, what happened: a line for each change of a plan, and the device's summaries of them.
--
-- Needs 01_plans.sql. Activities are made and deleted, never changed. Summaries never leave the device: their table is here,
-- empty, so that devices know its definition. Invariant: an activity's project and todo are its owner's.

create table public.project_activities (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  project_id uuid not null,
  todo_id uuid,
  kind text not null,
  value numeric,
  detail jsonb not null default '{}',
  occurred_at timestamptz not null,
  constraint project_activities_pkey primary key (id),
  constraint project_activities_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint project_activities_project_id_fkey foreign key (project_id, user_id) references public.projects (id, user_id)
    on delete cascade,
  constraint project_activities_todo_id_fkey foreign key (todo_id, user_id) references public.todos (id, user_id)
    on delete set null (todo_id),
  constraint project_activities_kind_is_known check (kind in ('project_created', 'progress_changed', 'status_changed', 'todo_added',
    'todo_moved', 'todo_done', 'todo_reopened', 'estimate_corrected', 'recommendation_accepted', 'recommendation_dismissed')),
  -- NaN and the infinities are no figures.
  constraint project_activities_value_is_finite check (value between -1000000 and 1000000),
  constraint project_activities_detail_is_object check (jsonb_typeof(detail) = 'object'),
  constraint project_activities_detail_is_bounded check (octet_length(detail::text) <= 262144)
);
comment on table public.project_activities is 'What happened to a project, written together with the change.';
comment on column public.project_activities.todo_id is 'The todo it was about; null: the project itself, or a todo that is gone.';
comment on column public.project_activities.value is 'Progress gained, hours estimated, or actual hours by estimated, as the kind has it.';
comment on column public.project_activities.detail is 'What else the kind tells, such as from and to.';
create index project_activities_by_project on public.project_activities (project_id, occurred_at desc);
create index project_activities_by_todo on public.project_activities (user_id, todo_id);

alter table public.project_activities enable row level security;
create policy project_activities_are_read_by_owner on public.project_activities for select to authenticated
  using ((select auth.uid()) = user_id);
create policy project_activities_are_made_by_owner on public.project_activities for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy project_activities_are_deleted_by_owner on public.project_activities for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.project_activities from public, anon, authenticated;
grant select, insert, delete on public.project_activities to authenticated, service_role;

select thermocline.enable('public.project_activities', 'user_id', 'remote-wins', time_col => 'occurred_at');

create table public.project_summaries (
  project_id uuid not null,
  user_id uuid not null default auth.uid(),
  health_score integer,
  activity_summary jsonb not null default '{}',
  last_ai_update timestamptz not null default now(),
  constraint project_summaries_pkey primary key (project_id),
  constraint project_summaries_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint project_summaries_health_score_is_score check (health_score between 0 and 100),
  constraint project_summaries_activity_summary_is_bounded check (octet_length(activity_summary::text) <= 262144)
);
comment on table public.project_summaries is 'What a device made of a project''s activities. Kept on the device only: empty here.';
comment on column public.project_summaries.health_score is 'From 0 to 100; null: the project is not active.';
alter table public.project_summaries enable row level security;
revoke all on public.project_summaries from public, anon, authenticated;

select thermocline.enable('public.project_summaries', 'user_id', 'remote-wins', direction => 'local-only');

select thermocline.declare_recipe('projects', 'project_summaries', 'project_activities', 'todos', 'weekly_goals', 'projects');
