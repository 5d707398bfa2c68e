-- Recipe path, days and caches: attunements, health by day, and what providers of sky data answered.
--
-- Needs shared. The first attunement of a day stays: it can be made and deleted, not changed. A cache can be fetched again; its
-- cached_at is the time of the fetch, as the device that fetched has it.

create table public.daily_attunements (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  date date not null,
  insightful_question text not null,
  synthesized_answer text not null,
  based_on jsonb not null,
  generated_at timestamptz not null default now(),
  constraint daily_attunements_pkey primary key (id),
  constraint daily_attunements_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint daily_attunements_user_id_date_key unique (user_id, date),
  constraint daily_attunements_insightful_question_is_bounded check (length(insightful_question) <= 100000),
  constraint daily_attunements_synthesized_answer_is_bounded check (length(synthesized_answer) <= 100000),
  constraint daily_attunements_based_on_is_object check (jsonb_typeof(based_on) = 'object'),
  constraint daily_attunements_based_on_is_bounded check (octet_length(based_on::text) <= 262144)
);
comment on table public.daily_attunements is 'The question of a day and its answer.';
comment on column public.daily_attunements.date is 'Local to the person.';
comment on column public.daily_attunements.based_on is 'How much there was to make it of.';
create index daily_attunements_by_date on public.daily_attunements (user_id, date desc);

alter table public.daily_attunements enable row level security;
create policy daily_attunements_are_read_by_owner on public.daily_attunements for select to authenticated
  using ((select auth.uid()) = user_id);
create policy daily_attunements_are_made_by_owner on public.daily_attunements for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy daily_attunements_are_deleted_by_owner on public.daily_attunements for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.daily_attunements from public, anon, authenticated;
grant select, insert, delete on public.daily_attunements to authenticated, service_role;

select thermocline.enable('public.daily_attunements', 'user_id', 'remote-wins', time_col => 'date', natural_key => '{user_id,date}');

create table public.health_metrics_history (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  date date not null,
  steps integer,
  sleep_hours numeric(4, 2),
  walking_asymmetry numeric(5, 2),
  synced_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint health_metrics_history_pkey primary key (id),
  constraint health_metrics_history_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint health_metrics_history_user_id_date_key unique (user_id, date),
  constraint health_metrics_history_steps_is_count check (steps >= 0),
  constraint health_metrics_history_sleep_hours_fit_a_day check (sleep_hours between 0 and 24),
  constraint health_metrics_history_walking_asymmetry_is_percent check (walking_asymmetry between 0 and 100)
);
comment on table public.health_metrics_history is 'A day''s health figures.';
comment on column public.health_metrics_history.date is 'Local to the person.';
comment on column public.health_metrics_history.updated_at is 'Set by the server.';
comment on column public.health_metrics_history.synced_at is 'Set by the server.';
create index health_metrics_history_by_date on public.health_metrics_history (user_id, date desc);

create trigger health_metrics_history_set_server_columns before insert or update on public.health_metrics_history
  for each row execute function public.set_server_columns('updated_at', 'synced_at');

alter table public.health_metrics_history enable row level security;
create policy health_metrics_history_are_read_by_owner on public.health_metrics_history for select to authenticated
  using ((select auth.uid()) = user_id);
create policy health_metrics_history_are_made_by_owner on public.health_metrics_history for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy health_metrics_history_are_changed_by_owner on public.health_metrics_history for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy health_metrics_history_are_deleted_by_owner on public.health_metrics_history for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.health_metrics_history from public, anon, authenticated;
grant select, insert, update, delete on public.health_metrics_history to authenticated, service_role;

select thermocline.enable('public.health_metrics_history', 'user_id', 'merge', time_col => 'date', natural_key => '{user_id,date}');

create table public.cosmic_data_cache (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  date date not null,
  location jsonb not null,
  astronomy jsonb not null,
  cached_at timestamptz not null default now(),
  constraint cosmic_data_cache_pkey primary key (id),
  constraint cosmic_data_cache_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint cosmic_data_cache_user_id_date_key unique (user_id, date),
  constraint cosmic_data_cache_location_is_object check (jsonb_typeof(location) = 'object'),
  constraint cosmic_data_cache_location_is_bounded check (octet_length(location::text) <= 262144),
  constraint cosmic_data_cache_astronomy_is_object check (jsonb_typeof(astronomy) = 'object'),
  constraint cosmic_data_cache_astronomy_is_bounded check (octet_length(astronomy::text) <= 262144)
);
comment on table public.cosmic_data_cache is 'Sun and moon of a day, as fetch_sky answered.';
comment on column public.cosmic_data_cache.location is 'latitude, longitude, city, country.';
comment on column public.cosmic_data_cache.cached_at is 'When it was fetched, by the device that did.';
create index cosmic_data_cache_by_date on public.cosmic_data_cache (user_id, date desc);

alter table public.cosmic_data_cache enable row level security;
create policy cosmic_data_cache_are_read_by_owner on public.cosmic_data_cache for select to authenticated
  using ((select auth.uid()) = user_id);
create policy cosmic_data_cache_are_made_by_owner on public.cosmic_data_cache for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy cosmic_data_cache_are_changed_by_owner on public.cosmic_data_cache for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy cosmic_data_cache_are_deleted_by_owner on public.cosmic_data_cache for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.cosmic_data_cache from public, anon, authenticated;
grant select, insert, update, delete on public.cosmic_data_cache to authenticated, service_role;

select thermocline.enable('public.cosmic_data_cache', 'user_id', 'latest-wins', time_col => 'date', direction => 'cache',
  natural_key => '{user_id,date}');

create table public.astrology_data_cache (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  birth_data jsonb not null,
  natal_chart jsonb,
  transits jsonb,
  personal_trading jsonb,
  cached_at timestamptz not null default now(),
  transits_on date,
  constraint astrology_data_cache_pkey primary key (id),
  constraint astrology_data_cache_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint astrology_data_cache_user_id_key unique (user_id),
  constraint astrology_data_cache_birth_data_is_object check (jsonb_typeof(birth_data) = 'object'),
  constraint astrology_data_cache_birth_data_is_bounded check (octet_length(birth_data::text) <= 262144),
  constraint astrology_data_cache_natal_chart_is_bounded check (octet_length(natal_chart::text) <= 262144),
  constraint astrology_data_cache_transits_is_bounded check (octet_length(transits::text) <= 262144),
  constraint astrology_data_cache_personal_trading_is_bounded check (octet_length(personal_trading::text) <= 262144)
);
comment on table public.astrology_data_cache is 'A person''s charts, as fetch_sky answered: one row.';
comment on column public.astrology_data_cache.birth_data is 'date, time, latitude, longitude for which the charts hold.';
comment on column public.astrology_data_cache.transits_on is 'The local day for which the transits hold.';

alter table public.astrology_data_cache enable row level security;
create policy astrology_data_cache_are_read_by_owner on public.astrology_data_cache for select to authenticated
  using ((select auth.uid()) = user_id);
create policy astrology_data_cache_are_made_by_owner on public.astrology_data_cache for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy astrology_data_cache_are_changed_by_owner on public.astrology_data_cache for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy astrology_data_cache_are_deleted_by_owner on public.astrology_data_cache for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.astrology_data_cache from public, anon, authenticated;
grant select, insert, update, delete on public.astrology_data_cache to authenticated, service_role;

select thermocline.enable('public.astrology_data_cache', 'user_id', 'latest-wins', direction => 'cache', natural_key => '{user_id}');

select thermocline.declare_recipe('path', 'sovereign_logs', 'routine_completions', 'user_progress', 'achievements', 'sovereign_path_data',
  'oejts_answers', 'katas', 'daily_attunements', 'health_metrics_history', 'cosmic_data_cache', 'astrology_data_cache');
