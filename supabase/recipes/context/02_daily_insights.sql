-- Recipe context: the figures of a local day (RECIPES 4.1, 4.5). The server writes finished days, devices read them; what a device makes of
-- its own snapshots meanwhile are drafts, which never leave it.

create table public.daily_insights (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  date date not null,
  avg_focus numeric(4, 2) not null,
  avg_energy numeric(4, 2) not null,
  peak_hours jsonb not null,
  total_contexts int not null,
  patterns jsonb not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint daily_insights_pkey primary key (id),
  constraint daily_insights_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint daily_insights_natural_key unique (user_id, date)
);
comment on table public.daily_insights is 'The figures of a user''s local day, written by generate_daily_insights().';
comment on column public.daily_insights.date is 'The snapshots'' local day.';
comment on column public.daily_insights.peak_hours is 'Up to three local hours, that of the highest average focus first.';
comment on column public.daily_insights.patterns is 'activities, dominant_mood, best_activity, energy_dip_hour, volatility, longest_focus_minutes.';
create trigger daily_insights_set_server_columns before insert or update on public.daily_insights
  for each row execute function public.set_server_columns('updated_at');

alter table public.daily_insights enable row level security;
create policy daily_insights_are_read_by_owner on public.daily_insights for select to authenticated
  using ((select auth.uid()) = user_id);
create policy daily_insights_are_deleted_by_owner on public.daily_insights for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.daily_insights from public, anon, authenticated;
grant select, delete on public.daily_insights to authenticated;
grant select, insert, update, delete on public.daily_insights to service_role;

select thermocline.enable('public.daily_insights', 'user_id', 'remote-wins', time_col => 'date', direction => 'pull-only', natural_key => '{user_id,date}');

create table public.daily_insight_drafts (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  date date not null,
  avg_focus numeric(4, 2) not null,
  avg_energy numeric(4, 2) not null,
  peak_hours jsonb not null,
  total_contexts int not null,
  patterns jsonb not null,
  reduced_over timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint daily_insight_drafts_pkey primary key (id),
  constraint daily_insight_drafts_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint daily_insight_drafts_natural_key unique (user_id, date)
);
comment on table public.daily_insight_drafts is 'A device''s own figures of a local day. Local to it; always empty on the server.';
comment on column public.daily_insight_drafts.reduced_over is
  'updated_at of the server''s row that stood when a snapshot of that date was last deleted or moved to another day.';
alter table public.daily_insight_drafts enable row level security;
revoke all on public.daily_insight_drafts from public, anon, authenticated, service_role;

select thermocline.enable('public.daily_insight_drafts', 'user_id', 'remote-wins', time_col => 'date', direction => 'local-only',
  natural_key => '{user_id,date}');
select thermocline.declare_recipe('context', 'daily_insight_drafts', 'daily_insights', 'context_snapshots');
