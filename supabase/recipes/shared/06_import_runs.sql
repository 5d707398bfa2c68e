-- Runs of importers, on the device that made them: what was read, what became of it. Empty here; devices learn its definition.
-- Can be run again.

create table if not exists public.import_runs (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  source text not null,
  source_hash text not null,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  counts jsonb not null default '{}',
  problems jsonb not null default '[]',
  verified boolean not null default false,
  constraint import_runs_pkey primary key (id),
  constraint import_runs_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade,
  constraint import_runs_natural_key unique (user_id, source, source_hash),
  constraint import_runs_texts_are_short check (length(source) <= 500 and length(source_hash) <= 64),
  constraint import_runs_json_is_bounded check (octet_length(counts::text) <= 262144 and octet_length(problems::text) <= 262144)
);
comment on table public.import_runs is 'Runs of importers on this device. Local to it; always empty on the server.';
comment on column public.import_runs.source is 'What was read, such as a key of localStorage or the name of a file.';
comment on column public.import_runs.counts is 'Rows by table: planned, inserted, skipped.';
comment on column public.import_runs.problems is 'Lines of the report: what was changed or left out, with the original value.';
comment on column public.import_runs.verified is 'Read back and compared, field by field.';
alter table public.import_runs enable row level security;
revoke all on public.import_runs from public, anon, authenticated, service_role;

select thermocline.enable('public.import_runs', 'user_id', 'remote-wins', time_col => 'started_at', direction => 'local-only',
  natural_key => '{user_id,source,source_hash}');
select thermocline.declare_recipe('shared', 'import_runs', 'sync_logs');
