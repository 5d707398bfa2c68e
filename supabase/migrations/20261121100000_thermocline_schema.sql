-- Thermocline's own tables: what is synced, what was removed, what was answered.
--
-- Schema `thermocline` is internal: PostgREST does not expose it. The functions that clients call are in
-- `public` (…_thermocline_api.sql). Every table here has row-level security, and anon may read nothing but the list
-- of synced tables. Invariant: what a user can read here is about that user's rows, or about no row at all.
-- Needs PostgreSQL 13 and no extension; runs in PGlite.

create schema thermocline;
comment on schema thermocline is 'Offline sync: revisions, cursors, tombstones and remembered answers.';
grant usage on schema thermocline to anon, authenticated, service_role;

create table thermocline.settings (
  one boolean not null default true,
  epoch uuid not null default gen_random_uuid(),
  tombstone_floor bigint not null default 0,
  kept interval not null default '90 days',
  constraint settings_pkey primary key (one),
  constraint settings_is_one_row check (one)
);
comment on table thermocline.settings is 'One row of settings.';
comment on column thermocline.settings.epoch is 'Part of every cursor: a new value makes every client resync.';
comment on column thermocline.settings.tombstone_floor is 'Cursors that have not seen all transactions below it have missed purged tombstones.';
comment on column thermocline.settings.kept is 'How long tombstones and answers are kept.';
insert into thermocline.settings default values;

create table thermocline.tables (
  name text not null,
  relation regclass not null,
  key text[] not null,
  owner_col text,
  time_col text,
  policy text not null,
  direction text not null,
  stamped boolean not null,
  ready boolean not null default true,
  natural_key text[],
  choices text[],
  constraint tables_pkey primary key (name),
  constraint tables_relation_key unique (relation),
  constraint tables_policy_is_known
    check (policy in ('remote-wins', 'local-wins', 'latest-wins', 'merge', 'ask', 'version')),
  constraint tables_direction_is_known check (direction in ('both', 'push-only', 'pull-only', 'local-only', 'cache')),
  constraint tables_choices_are_known
    check (choices <@ '{remote-wins,local-wins,latest-wins,merge,ask,version}' and policy = any (choices))
);
comment on table thermocline.tables is 'The synced tables, as thermocline.enable() declared them.';
comment on column thermocline.tables.key is 'Columns of the primary key.';
comment on column thermocline.tables.owner_col is 'Column that holds the owner''s user id; null: every signed-in user sees every row.';
comment on column thermocline.tables.time_col is 'Column that tells a row''s age, for horizons.';
comment on column thermocline.tables.stamped is 'Whether the table has _at, the stamps of its columns.';
comment on column thermocline.tables.natural_key is 'Columns from which devices derive the ids of rows they make; null: ids are random.';
comment on column thermocline.tables.choices is 'Policies among which a user may choose, the default one included; null: no choice.';
comment on column thermocline.tables.ready is 'False until thermocline.backfill() has given every old row a revision.';

create table thermocline.tombstones (
  name text not null,
  owner uuid,
  key jsonb not null,
  rev bigint not null,
  removed_at timestamptz not null default now()
);
comment on table thermocline.tombstones is 'Keys of rows that were removed, or that left their owner.';
create index tombstones_in_order on thermocline.tombstones (name, owner, rev);
create index tombstones_by_age on thermocline.tombstones using brin (removed_at);

create table thermocline.answers (
  owner uuid not null,
  mutation_id uuid not null,
  outcome text not null,
  rev bigint,
  detail jsonb,
  xid bigint,
  client text,
  answered_at timestamptz not null default now(),
  constraint answers_pkey primary key (owner, mutation_id)
);
comment on table thermocline.answers is 'Every answer that push gave, refusals and conflicts included: a repeated mutation gets the same again.';
comment on column thermocline.answers.xid is 'The push''s own xid if its client need not pull it, else null.';
comment on column thermocline.answers.client is 'The client that sent it; for support only.';
create index answers_by_age on thermocline.answers using brin (answered_at);

alter table thermocline.settings enable row level security;
alter table thermocline.tables enable row level security;
alter table thermocline.tombstones enable row level security;
alter table thermocline.answers enable row level security;

create policy settings_are_read on thermocline.settings for select to authenticated using (true);
create policy tables_are_read on thermocline.tables for select to anon, authenticated using (true);
create policy tombstones_are_read_by_owner on thermocline.tombstones for select to authenticated
  using (owner is null or owner = (select auth.uid()));
create policy answers_are_read_by_owner on thermocline.answers for select to authenticated
  using (owner = (select auth.uid()));
create policy answers_are_given_to_owner on thermocline.answers for insert to authenticated
  with check (owner = (select auth.uid()));

revoke all on all tables in schema thermocline from public, anon, authenticated;
grant select on thermocline.tables to anon;
grant select on thermocline.settings, thermocline.tables, thermocline.tombstones to authenticated, service_role;
grant select, insert on thermocline.answers to authenticated, service_role;
