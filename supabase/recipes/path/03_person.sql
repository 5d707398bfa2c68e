-- Recipe path, the person: chart, results and settings in one row, and in rows of their own what two devices may add to at once.
--
-- Needs shared. The folded columns (oejts_results, archetype_analysis, health_metrics) are written by devices that hold all of what
-- they are folded from. Invariant: one row a user, one answer a question, one kata a key.

create table public.sovereign_path_data (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  human_design_chart jsonb,
  birth_data jsonb,
  oejts_results jsonb,
  archetype_analysis jsonb,
  health_metrics jsonb,
  last_archetype_update timestamptz,
  last_sync_date timestamptz not null default now(),
  settings jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint sovereign_path_data_pkey primary key (id),
  constraint sovereign_path_data_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint sovereign_path_data_user_id_key unique (user_id),
  constraint sovereign_path_data_human_design_chart_is_bounded check (octet_length(human_design_chart::text) <= 262144),
  constraint sovereign_path_data_birth_data_is_bounded check (octet_length(birth_data::text) <= 262144),
  constraint sovereign_path_data_oejts_results_is_bounded check (octet_length(oejts_results::text) <= 262144),
  constraint sovereign_path_data_archetype_analysis_is_bounded check (octet_length(archetype_analysis::text) <= 262144),
  constraint sovereign_path_data_health_metrics_is_bounded check (octet_length(health_metrics::text) <= 262144),
  constraint sovereign_path_data_settings_is_bounded check (octet_length(settings::text) <= 262144),
  constraint sovereign_path_data_settings_is_object check (jsonb_typeof(settings) = 'object'),
  constraint sovereign_path_data_settings_embed_is_known check (coalesce(settings ->> 'embed', 'selected') in ('selected', 'all'))
);
comment on table public.sovereign_path_data is 'What is known of a person: one row.';
comment on column public.sovereign_path_data.human_design_chart is 'As the app''s own calculator gives it; void when birth_data change.';
comment on column public.sovereign_path_data.settings is 'embed: which log rows get vectors, selected (if absent) or all.';
comment on column public.sovereign_path_data.updated_at is 'Set by the server.';
comment on column public.sovereign_path_data.last_sync_date is 'Set by the server.';

create trigger sovereign_path_data_set_server_columns before insert or update on public.sovereign_path_data
  for each row execute function public.set_server_columns('updated_at', 'last_sync_date');

alter table public.sovereign_path_data enable row level security;
create policy sovereign_path_data_are_read_by_owner on public.sovereign_path_data for select to authenticated
  using ((select auth.uid()) = user_id);
create policy sovereign_path_data_are_made_by_owner on public.sovereign_path_data for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy sovereign_path_data_are_changed_by_owner on public.sovereign_path_data for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy sovereign_path_data_are_deleted_by_owner on public.sovereign_path_data for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.sovereign_path_data from public, anon, authenticated;
grant select, insert, update, delete on public.sovereign_path_data to authenticated, service_role;

select thermocline.enable('public.sovereign_path_data', 'user_id', 'merge', natural_key => '{user_id}');

create table public.oejts_answers (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  question_id integer not null,
  value integer not null,
  answered_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint oejts_answers_pkey primary key (id),
  constraint oejts_answers_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint oejts_answers_user_id_question_id_key unique (user_id, question_id),
  constraint oejts_answers_question_id_is_question check (question_id between 1 and 60),
  constraint oejts_answers_value_is_one_to_five check (value between 1 and 5)
);
comment on table public.oejts_answers is 'Answers to the type questionnaire, from 1 (first pole) to 5.';
comment on column public.oejts_answers.updated_at is 'Set by the server.';

create trigger oejts_answers_set_server_columns before insert or update on public.oejts_answers
  for each row execute function public.set_server_columns('updated_at');

alter table public.oejts_answers enable row level security;
create policy oejts_answers_are_read_by_owner on public.oejts_answers for select to authenticated
  using ((select auth.uid()) = user_id);
create policy oejts_answers_are_made_by_owner on public.oejts_answers for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy oejts_answers_are_changed_by_owner on public.oejts_answers for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy oejts_answers_are_deleted_by_owner on public.oejts_answers for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.oejts_answers from public, anon, authenticated;
grant select, insert, update, delete on public.oejts_answers to authenticated, service_role;

select thermocline.enable('public.oejts_answers', 'user_id', 'latest-wins', natural_key => '{user_id,question_id}');

create table public.katas (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  key text not null,
  name text not null,
  description text not null default '',
  duration_minutes integer,
  active boolean not null default true,
  position integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint katas_pkey primary key (id),
  constraint katas_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint katas_user_id_key_key unique (user_id, key),
  -- RECIPES 6.3: blanks, dashes and ASCII punctuation but + # . are one "-" between words, and nothing is upper case.
  constraint katas_key_is_normal check (length(key) between 1 and 64
    and key !~ '[[:space:][:cntrl:]!"$%&''()*,/:;<=>?@\[\\\]^_`{|}~‐-―A-Z’]|^[-#]|-$|--'),
  constraint katas_name_is_short check (length(name) <= 500),
  constraint katas_description_is_bounded check (length(description) <= 100000),
  constraint katas_duration_minutes_is_positive check (duration_minutes >= 0)
);
comment on table public.katas is 'A person''s practices. How often one was performed is counted from the log.';
comment on column public.katas.key is 'Its name, normalised.';
comment on column public.katas.updated_at is 'Set by the server.';

create trigger katas_set_server_columns before insert or update on public.katas
  for each row execute function public.set_server_columns('updated_at');

alter table public.katas enable row level security;
create policy katas_are_read_by_owner on public.katas for select to authenticated
  using ((select auth.uid()) = user_id);
create policy katas_are_made_by_owner on public.katas for insert to authenticated
  with check ((select auth.uid()) = user_id);
create policy katas_are_changed_by_owner on public.katas for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy katas_are_deleted_by_owner on public.katas for delete to authenticated
  using ((select auth.uid()) = user_id);
revoke all on public.katas from public, anon, authenticated;
grant select, insert, update, delete on public.katas to authenticated, service_role;

select thermocline.enable('public.katas', 'user_id', 'latest-wins', natural_key => '{user_id,key}');
