-- What hosted Realtime keeps in the database, as far as Thermocline uses it, with notifications in the place of its replication slot.
create schema if not exists realtime;
grant usage on schema realtime to anon, authenticated, service_role;

create table if not exists realtime.messages (topic text not null, extension text not null, payload jsonb, event text, private boolean);
alter table realtime.messages enable row level security;
grant select on realtime.messages to authenticated;
-- Whoever may read a message under a topic may join its private channel: one message is enough to ask.
insert into realtime.messages (topic, extension) select '', 'broadcast' where not exists (select from realtime.messages);

create or replace function realtime.topic() returns text language sql stable
  as $$ select nullif(current_setting('realtime.topic', true), '') $$;

create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void language sql volatile
  as $$ select pg_notify('realtime_broadcast', jsonb_build_object('topic', topic, 'event', event, 'payload', payload)::text) $$;

create or replace function realtime.notify_row() returns trigger language plpgsql security definer set search_path = '' as $$
declare
  written constant jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
  key jsonb;
begin
  select jsonb_object_agg(a.attname, written -> a.attname::text) into key from pg_catalog.pg_index i
    join pg_catalog.pg_attribute a on a.attrelid = tg_relid and a.attnum = any (i.indkey) where i.indrelid = tg_relid and i.indisprimary;
  perform pg_notify('realtime_changes', jsonb_build_object('schema', tg_table_schema, 'table', tg_table_name, 'type', tg_op, 'key', key,
    'commit_timestamp', clock_timestamp())::text);
  return null;
end $$;

-- Watches the tables that have joined the publication since.
create or replace function realtime.watch() returns void language plpgsql as $$
declare
  t record;
begin
  for t in select format('%I.%I', p.schemaname, p.tablename) as name from pg_catalog.pg_publication_tables p where p.pubname = 'supabase_realtime'
      and not exists (select from pg_catalog.pg_trigger g where g.tgrelid = format('%I.%I', p.schemaname, p.tablename)::regclass and g.tgname = 'zzz_realtime') loop
    execute format('create trigger zzz_realtime after insert or update or delete on %s for each row execute function realtime.notify_row()', t.name);
  end loop;
end $$;

do $$
begin
  if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime') then create publication supabase_realtime; end if;
end $$;
