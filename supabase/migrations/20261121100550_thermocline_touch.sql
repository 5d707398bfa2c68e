-- Touch: tells devices anew about rows that have not changed, because who may see them has.
--
--   select thermocline.touch('public.notes', '[{"id":"…"},…]');
--
-- For triggers on what policies read (memberships, grants), in functions that are security definer: users may not call it. Each
-- row is buried for its owner and then stamped anew, later. Of a key the greatest revision wins, so whoever still sees the row
-- has it again after the next pull, and whoever does not is left with the tombstone. The stamps of its columns stay; the
-- table's own update triggers fire, with equal rows.

create function thermocline.touch(rel regclass, keys jsonb) returns bigint
  language plpgsql volatile set search_path = public, extensions -- the table's own triggers run in here
as $$
declare
  t thermocline.tables;
  wanted text;
  buried bigint[];
  touched bigint;
  least_rev bigint;
begin
  select * into t from thermocline.tables where relation = rel;
  if t.name is null then
    raise exception using errcode = '42P01', message = format('%s is not enabled for sync', rel);
  elsif coalesce(jsonb_typeof(keys), 'array') <> 'array' or exists (
      select from jsonb_array_elements(keys) k where jsonb_typeof(k) <> 'object' or not k ?& t.key) then
    raise exception using errcode = '22023', message = format('keys must be an array of objects with %s', t.key);
  end if;
  wanted := format('exists (select from jsonb_populate_recordset(null::%s, $1) k where %s)', rel, thermocline.same_key(t, 'x', 'k'));
  loop
    execute format($q$
      with found as (
        select %2$s as owner, jsonb_build_object(%3$s) as key from %1$s x where %4$s for no key update of x),
      graves as (
        insert into thermocline.tombstones (name, owner, key, rev)
          select %5$L, owner, key, thermocline.next_rev() from found returning rev)
      select coalesce(array_agg(rev), '{}') from graves
    $q$, rel, case when t.owner_col is null then 'null::uuid' else format('x.%I', t.owner_col) end,
      (select string_agg(format('%L, x.%I', k, k), ', ') from unnest(t.key) k), wanted, t.name)
      into buried using keys;
    perform set_config('thermocline.touching', 'on', true);
    -- The stamp puts the revision; a trigger that suppresses updates of equal rows must see a difference.
    execute format('with stamped as (update %s x set _rev = 0 where %s returning x._rev) select count(*), min(_rev) from stamped', rel, wanted)
      into touched, least_rev using keys;
    perform set_config('thermocline.touching', '', true);
    if touched <> cardinality(buried) then
      raise exception using errcode = '55000', message = format('a trigger of %s keeps rows from being stamped', rel);
    end if;
    exit when touched = 0 or least_rev > all (buried);
    delete from thermocline.tombstones where name = t.name and rev = any (buried); -- the sequence began anew meanwhile
  end loop;
  return touched;
end $$;
comment on function thermocline.touch(regclass, jsonb) is
  'Lets devices learn that other people than before may see these rows: gives how many there are. For triggers that are security definer.';
