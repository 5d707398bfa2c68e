-- Revisions and stamps: what every write to a synced table leaves behind, whoever made it.
--
--   _rev bigint   (transaction id << 22) | (sequence & 4194303): which transaction changed the row last
--   _at  jsonb    column -> microseconds of its last change; "*" stands for every column of a row that no push inserted
--
-- The triggers run last (their names begin with zz_) and always, replication included. Invariants: a client can forge
-- neither column; an update that changes no value keeps both, but thermocline.touch() stamps such rows anew; what a
-- transaction of push stamped is counted in its local setting thermocline.stamped, which a rolled back subtransaction takes
-- back by itself.

create sequence thermocline.revs as bigint cycle;
comment on sequence thermocline.revs is 'Tells the revisions of one transaction apart.';

create function thermocline.next_rev() returns bigint
  language sql volatile set search_path = ''
  as $$ select (pg_current_xact_id()::text::bigint << 22) | (nextval('thermocline.revs') & 4194303) $$;
comment on function thermocline.next_rev() is 'A revision of the current transaction.';

create function thermocline.keep_order(before bigint, after bigint) returns void
  language plpgsql volatile set search_path = ''
as $$
begin
  -- A revision from beyond this history (a dump from another project) stands for no transaction here.
  if before >> 22 > after >> 22 and before >> 22 < pg_snapshot_xmax(pg_current_snapshot())::text::bigint then
    raise exception using errcode = '40001', message = 'a later transaction has changed the row meanwhile',
      hint = 'Repeat the transaction.';
  end if;
end $$;
comment on function thermocline.keep_order(bigint, bigint) is
  'Revisions of a row only grow: a transaction that was overtaken on a row is repeated, or devices that have the newer revision would never take the older.';

-- A plain expression without settings of its own, so that it is inlined; it names nothing outside pg_catalog.
create function thermocline.now_us() returns bigint
  language sql volatile
  as $$ select (extract(epoch from clock_timestamp()) * 1000000)::bigint $$;
comment on function thermocline.now_us() is 'The server''s clock in microseconds since 1970.';

-- The two stamps are security definer so that a writer needs no right on the sequence; they read and change only the
-- row that is being written.
create function thermocline.stamp() returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  counted constant text := current_setting('thermocline.stamped', true);
begin
  if tg_op = 'UPDATE' then
    new._rev := old._rev;
    -- Generated columns are not computed yet in a before trigger: they are left out of the comparison.
    if old._rev <> 0 and (case when tg_nargs = 0 then new operator(pg_catalog.*=) old
        else new operator(pg_catalog.*=) jsonb_populate_record(old, tg_argv[0]::jsonb) end)
        and current_setting('thermocline.touching', true) is distinct from 'on' then
      return new;
    end if;
  end if;
  new._rev := (pg_current_xact_id()::text::bigint << 22) | (nextval('thermocline.revs') & 4194303);
  if tg_op = 'UPDATE' and old._rev > new._rev then perform thermocline.keep_order(old._rev, new._rev); end if;
  if counted <> '' then perform set_config('thermocline.stamped', (counted::int + 1)::text, true); end if;
  return new;
end $$;
comment on function thermocline.stamp() is 'Gives a changed row its revision.';

create function thermocline.stamp_columns() returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  counted constant text := current_setting('thermocline.stamped', true);
  pushing constant boolean := coalesce(counted <> '', false);
  sent jsonb := new._at;
  before jsonb;
begin
  if tg_op = 'INSERT' then
    if not pushing or sent is null then
      new._at := jsonb_build_object('*', thermocline.now_us());
    end if;
  else
    new._rev := old._rev;
    new._at := old._at;
    if old._rev <> 0 and (case when tg_nargs = 0 then new operator(pg_catalog.*=) old
        else new operator(pg_catalog.*=) jsonb_populate_record(old, tg_argv[0]::jsonb) end)
        and current_setting('thermocline.touching', true) is distinct from 'on' then
      return new;
    end if;
    if not pushing then sent := old._at; end if;
    before := to_jsonb(old);
    select coalesce(old._at, '{}') || coalesce(jsonb_object_agg(n.key,
        case when sent -> n.key is distinct from old._at -> n.key then sent -> n.key
          else to_jsonb(thermocline.now_us()) end), '{}')
      into new._at
      from jsonb_each(to_jsonb(new)) n
      where n.value is distinct from before -> n.key and n.key not in ('_rev', '_at')
        and (tg_nargs = 0 or not tg_argv[0]::jsonb ? n.key);
  end if;
  new._rev := (pg_current_xact_id()::text::bigint << 22) | (nextval('thermocline.revs') & 4194303);
  if tg_op = 'UPDATE' and old._rev > new._rev then perform thermocline.keep_order(old._rev, new._rev); end if;
  if counted <> '' then perform set_config('thermocline.stamped', (counted::int + 1)::text, true); end if;
  return new;
end $$;
comment on function thermocline.stamp_columns() is
  'Gives a changed row its revision and its changed columns their stamps: push''s own for what push set, else the server''s clock.';

-- Security definer: nobody may write tombstones but this trigger. It buries the row it was fired for, and takes no argument
-- from a user.
create function thermocline.bury() returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  removed constant jsonb := to_jsonb(old);
  counted constant text := current_setting('thermocline.stamped', true);
  removed_key jsonb;
  rev constant bigint := thermocline.next_rev();
begin
  if old._rev > rev then perform thermocline.keep_order(old._rev, rev); end if;
  select jsonb_object_agg(k, removed -> k) into removed_key from unnest(tg_argv[1]::text[]) k;
  insert into thermocline.tombstones (name, owner, key, rev)
    values (tg_argv[0], (removed ->> tg_argv[2])::uuid, removed_key, rev);
  if counted <> '' then perform set_config('thermocline.stamped', (counted::int + 1)::text, true); end if;
  return null;
end $$;
comment on function thermocline.bury() is 'Leaves a tombstone for a row that was deleted or that left its owner.';

-- Security definer: nobody may write settings. A truncated table leaves no tombstones, so every client must resync.
create function thermocline.forget() returns trigger
  language plpgsql security definer set search_path = ''
as $$
begin
  update thermocline.settings set epoch = gen_random_uuid();
  return null;
end $$;
comment on function thermocline.forget() is 'Starts a new epoch after a truncate.';

create function thermocline.new_epoch() returns void
  language sql volatile set search_path = ''
  as $$ update thermocline.settings set epoch = gen_random_uuid() $$;
comment on function thermocline.new_epoch() is 'Makes every client resync; for operators.';

-- Security definer: the cluster's identity is not for every role. Nothing but a hash leaves this function.
create function thermocline.epoch() returns text
  language plpgsql stable security definer set search_path = ''
as $$
declare
  cluster text;
  timeline text;
begin
  begin
    select system_identifier::text into cluster from pg_control_system();
    if pg_is_in_recovery() then
      select lpad(to_hex(timeline_id), 8, '0') into timeline from pg_control_checkpoint();
    else
      timeline := lower(left(pg_walfile_name(pg_current_wal_lsn()), 8));
    end if;
  exception when insufficient_privilege then
    null; -- then only the settings tell histories apart, and an operator calls new_epoch() after a restore
  end;
  return (select left(md5(concat_ws('|', cluster, timeline, 'thermocline.settings'::regclass::oid, s.epoch)), 16)
    from thermocline.settings s);
end $$;
comment on function thermocline.epoch() is
  'Which history revisions belong to: changes with restore, point-in-time recovery, failover, dump into another project and truncate.';
