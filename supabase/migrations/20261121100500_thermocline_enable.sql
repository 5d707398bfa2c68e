-- Enabling: what makes an ordinary table a synced one, and the upkeep of what sync leaves behind.
--
--   select thermocline.enable('public.entries', 'user_id', 'merge', time_col => 'created_at');
--
-- enable() rewrites the table once under an exclusive lock, to give every old row its revision. For a large table that
-- is in use, pass backfill => false and call thermocline.backfill('public.entries', 5000) until it returns 0: meanwhile clients
-- that ask for the table are told to come later, and the table's own update triggers fire for each old row. Calling enable()
-- again changes the settings. For the owner of the tables only.

create function thermocline.check_table(rel regclass, owner_col text, time_col text) returns void
  language plpgsql stable set search_path = ''
as $$
declare
  c pg_catalog.pg_class;
  bad text;
begin
  select * into c from pg_catalog.pg_class where oid = rel;
  if c.relkind <> 'r' or c.relispartition then
    raise exception using errcode = '42809', message = format('%s is not a plain table', rel);
  elsif c.relnamespace <> 'public'::regnamespace then
    raise exception using errcode = '42P16', message = format('%s is not in schema public', rel);
  elsif not c.relrowsecurity then
    raise exception using errcode = '42P16', message = format('row-level security is off for %s', rel);
  elsif not exists (select from pg_catalog.pg_index where indrelid = rel and indisprimary) then
    raise exception using errcode = '42P16', message = format('%s has no primary key', rel);
  end if;
  select a.attname into bad from pg_catalog.pg_attribute a
    where a.attrelid = rel and a.attnum > 0 and not a.attisdropped
      and (a.attname in ('_m', '_u', '_b', '_t', '_w', '_o')
        or (a.attname in ('_rev', '_at') and not exists (select from thermocline.tables t where t.relation = rel)));
  if bad is not null then
    raise exception using errcode = '42939', message = format('column name "%s" of %s is reserved for sync', bad, rel);
  end if;
  select a.attname into bad from pg_catalog.pg_index i
    join pg_catalog.pg_attribute a on a.attrelid = rel and a.attnum = any (i.indkey)
    left join pg_catalog.pg_attrdef d on d.adrelid = rel and d.adnum = a.attnum
    where i.indrelid = rel and i.indisprimary
      and (a.attidentity <> '' or a.attgenerated <> '' or pg_get_expr(d.adbin, rel) like 'nextval(%');
  if bad is not null then
    raise exception using errcode = '42P16',
      message = format('key column "%s" of %s is made by the server: devices must be able to make keys, use uuid', bad, rel);
  end if;
  if owner_col is not null and not exists (select from pg_catalog.pg_attribute
      where attrelid = rel and attname = owner_col and atttypid = 'uuid'::regtype) then
    raise exception using errcode = '42703', message = format('%s has no owner column "%s" of type uuid', rel, owner_col),
      hint = 'Only tables whose rows have one owner, or that all signed-in users see alike (owner_col => null), can be synced.';
  elsif owner_col is null and exists (select from pg_catalog.pg_policy p
      where p.polrelid = rel and p.polcmd in ('r', '*') and pg_get_expr(p.polqual, rel) like '%auth.%') then
    raise exception using errcode = '42P16', message = format('%s has no owner column, but who reads a row depends on the user', rel),
      hint = 'Rows that are shared between some users cannot be synced yet.';
  end if;
  if time_col is not null and not exists (select from pg_catalog.pg_attribute where attrelid = rel and attname = time_col
      and atttypid in ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)) then
    raise exception using errcode = '42703', message = format('%s has no time column "%s"', rel, time_col);
  end if;
end $$;
comment on function thermocline.check_table(regclass, text, text) is 'Refuses tables that cannot be synced, and says why.';

create function thermocline.index_table(rel regclass, name text, owner_col text, time_col text) returns void
  language plpgsql volatile set search_path = ''
as $$
begin
  execute format('create index if not exists %I on %s (%s_rev)', left(name, 40) || '_thermocline_rev', rel,
    case when owner_col is null then '' else format('%I, ', owner_col) end);
  if time_col is not null then
    execute format('create index if not exists %I on %s (%s%I)', left(name, 40) || '_thermocline_time', rel,
      case when owner_col is null then '' else format('%I, ', owner_col) end, time_col);
  end if;
end $$;
comment on function thermocline.index_table(regclass, text, text, text) is 'The indexes that pull reads by.';

create function thermocline.watch_table(t thermocline.tables) returns void
  language plpgsql volatile set search_path = ''
as $$
declare
  generated text;
  bury_arguments constant text := format('%L, %L%s', t.name, t.key, coalesce(', ' || quote_literal(t.owner_col), ''));
  named text;
begin
  select quote_literal(jsonb_object_agg(attname, null)) into generated from pg_catalog.pg_attribute
    where attrelid = t.relation and attgenerated <> '' and not attisdropped;
  foreach named in array array['stamp', 'bury', 'move', 'forget'] loop
    execute format('drop trigger if exists %I on %s', 'zz_thermocline_' || named, t.relation);
  end loop;
  execute format('create trigger zz_thermocline_stamp before insert or update on %s for each row execute function thermocline.%I(%s)',
    t.relation, case when t.stamped then 'stamp_columns' else 'stamp' end, coalesce(generated, ''));
  execute format('create trigger zz_thermocline_bury after delete on %s for each row execute function thermocline.bury(%s)',
    t.relation, bury_arguments);
  execute format('create trigger zz_thermocline_forget after truncate on %s for each statement execute function thermocline.forget()',
    t.relation);
  if t.owner_col is not null then
    execute format('create trigger zz_thermocline_move after update on %1$s for each row when (%2$s) execute function thermocline.bury(%3$s)',
      t.relation, format('old.%1$I is distinct from new.%1$I', t.owner_col), bury_arguments);
  end if;
  for named in select tgname from pg_catalog.pg_trigger where tgrelid = t.relation and tgname like 'zz_thermocline_%' loop
    execute format('alter table %s enable always trigger %I', t.relation, named);
  end loop;
end $$;
comment on function thermocline.watch_table(thermocline.tables) is 'The triggers that stamp and bury a table''s rows.';

create function thermocline.announce_table(rel regclass) returns void
  language plpgsql volatile set search_path = ''
as $$
begin
  if exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime' and not puballtables)
      and not exists (select from pg_catalog.pg_publication_rel r join pg_catalog.pg_publication p on p.oid = r.prpubid
        where p.pubname = 'supabase_realtime' and r.prrelid = rel) then
    execute format('alter publication supabase_realtime add table %s', rel);
  end if;
end $$;
comment on function thermocline.announce_table(regclass) is 'Lets Realtime ring for writes that bypass push; nothing where it is absent.';

create function thermocline.enable(
  rel regclass, owner_col text default 'user_id', policy text default 'merge', time_col text default null,
  direction text default 'both', backfill boolean default true, natural_key text[] default null, choices text[] default null)
  returns void language plpgsql volatile set search_path = ''
as $$
declare
  t thermocline.tables;
  is_new boolean;
begin
  perform thermocline.check_table(rel, owner_col, time_col);
  perform thermocline.check_natural_key(rel, natural_key);
  select not exists (select from pg_catalog.pg_attribute where attrelid = rel and attname = '_rev') into is_new;
  if is_new and backfill then -- a volatile default fills the old rows without firing the table's own triggers
    execute format('alter table %s add column _rev bigint not null default thermocline.next_rev()', rel);
    execute format('alter table %s alter column _rev set default 0', rel);
  elsif is_new then
    execute format('alter table %s add column _rev bigint not null default 0', rel);
  end if;
  t.stamped := policy || coalesce(choices, '{}') && '{latest-wins,merge}';
  if t.stamped then execute format('alter table %s add column if not exists _at jsonb', rel); end if;
  execute format('comment on column %s._rev is %L', rel, 'Revision: which transaction changed the row last. Set by the server.');
  select c.relname into t.name from pg_catalog.pg_class c where c.oid = rel;
  select array_agg(a.attname::text order by k.n) into t.key
    from pg_catalog.pg_index i, unnest(i.indkey) with ordinality k(attnum, n), pg_catalog.pg_attribute a
    where i.indrelid = rel and i.indisprimary and a.attrelid = rel and a.attnum = k.attnum;
  t.relation := rel;
  t.owner_col := owner_col;
  t.time_col := time_col;
  t.policy := policy;
  t.direction := direction;
  t.ready := not is_new or backfill;
  t.natural_key := natural_key;
  t.choices := choices;
  insert into thermocline.tables select t.*
    on conflict (name) do update set relation = excluded.relation, key = excluded.key, owner_col = excluded.owner_col,
      time_col = excluded.time_col, policy = excluded.policy, direction = excluded.direction,
      stamped = excluded.stamped, natural_key = excluded.natural_key, choices = excluded.choices;
  perform thermocline.index_table(rel, t.name, owner_col, time_col);
  perform thermocline.watch_table(t);
  perform thermocline.guard_natural_key(t);
  perform thermocline.announce_table(rel);
end $$;
comment on function thermocline.enable(regclass, text, text, text, text, boolean, text[], text[]) is
  'Makes a table synced: enable(table, owner column, policy, time column, direction, natural_key => columns, choices => policies). Rewrites it once under an exclusive lock.';

create function thermocline.backfill(rel regclass, batch_rows int default 5000) returns bigint
  language plpgsql volatile set search_path = ''
as $$
declare
  done bigint;
begin
  execute format('update %1$s set _rev = 0 where ctid in (select ctid from %1$s where _rev = 0 limit $1 for update skip locked)', rel)
    using batch_rows;
  get diagnostics done = row_count;
  if done = 0 then update thermocline.tables set ready = true where relation = rel; end if;
  return done;
end $$;
comment on function thermocline.backfill(regclass, int) is
  'Gives a batch of old rows their revisions; call it, each time in a transaction of its own, until it returns 0.';

create function thermocline.purge() returns void
  language plpgsql volatile set search_path = ''
as $$
declare
  oldest_kept constant timestamptz := now() - (select kept from thermocline.settings);
  purged bigint;
begin
  with dropped as (delete from thermocline.tombstones where removed_at < oldest_kept returning rev)
    select max(rev) >> 22 into purged from dropped;
  update thermocline.settings set tombstone_floor = purged + 1 where purged >= tombstone_floor;
  delete from thermocline.answers where answered_at < oldest_kept;
end $$;
comment on function thermocline.purge() is 'Drops tombstones and answers older than settings.kept; cursors that needed them resync.';

do $$
begin
  if exists (select from pg_catalog.pg_extension where extname = 'pg_cron') then
    perform cron.schedule('thermocline-purge', '17 3 * * *', 'select thermocline.purge()');
  else
    raise notice 'pg_cron is not installed: call thermocline.purge() once a day by other means';
  end if;
end $$;
