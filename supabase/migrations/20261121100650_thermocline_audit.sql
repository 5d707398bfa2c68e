-- Audit: what a device ought to hold, told by hashes, so that what no pull could tell it (a right given or taken, a row that
-- no trigger stamped) is found and pulled again.
--
--   key text   compact JSON array of the key's values, in key order          ["0190c2…"]
--   bucket     first byte of md5(key text), 0 to 255
--   sum        over the bucket's rows, what the first six bytes of md5(key text || rev text) hold, as a number
--
-- audit() counts the rows that the caller sees and that the cursor's snapshot saw; a bucket in which anything has changed since
-- is marked, and says nothing. bucket() gives whole buckets as they are now. Stable and security invoker, as pull is.

create function thermocline.key_text(t thermocline.tables, buried boolean) returns text
  language sql stable set search_path = ''
as $$
  select '''['' || ' || string_agg(case
      when buried then format('(d.key -> %L)::text', k)
      -- as to_jsonb prints it, without making a jsonb
      when a.atttypid = 'uuid'::regtype then format('''"'' || x.%I || ''"''', k)
      else format('to_jsonb(x.%I)::text', k) end, ' || '','' || ' order by n) || ' || '']'''
    from unnest(t.key) with ordinality c(k, n) join pg_catalog.pg_attribute a on a.attrelid = t.relation and a.attname = k
$$;
comment on function thermocline.key_text(thermocline.tables, boolean) is 'SQL: the key text of row x, or of tombstone d.';

create function thermocline.rows_within(t thermocline.tables, since timestamptz) returns text
  language sql immutable set search_path = ''
as $$
  select concat_ws(' and ', 'true', case when t.owner_col is not null then format('x.%I = $1', t.owner_col) end,
    case when since is not null then format('(x.%1$I >= $2 or x.%1$I is null)', t.time_col) end)
$$;
comment on function thermocline.rows_within(thermocline.tables, timestamptz) is
  'SQL: the rows x that a device of user $1 with horizon $2 holds whole.';

create function thermocline.audit_table(t thermocline.tables, seen text, since timestamptz) returns jsonb
  language plpgsql stable set search_path = public, extensions set jit = off -- the app's policies run in here
as $$
declare
  seen_min constant bigint := split_part(seen, ':', 1);
  seen_max constant bigint := split_part(seen, ':', 2);
  seen_open constant bigint[] := coalesce(string_to_array(nullif(split_part(seen, ':', 3), ''), ',')::bigint[], '{}');
  buckets jsonb;
begin
  -- Revisions from beyond this history ($6) are "1", as in a page, and every cursor has seen them. What a horizon hides may
  -- have been within it before it changed: changes are looked for in all rows.
  execute format($q$
    with held as (
      select left(md5(h.key), 2) as bucket, count(*) as held, sum(('x' || left(md5(h.key || h.rev), 12))::bit(48)::bigint) as sum
        from (
          select %3$s as key, case when x._rev >> 22 < $6 then x._rev::text else '1' end as rev
            from %1$s x
            where %2$s and (x._rev < $3 << 22 or x._rev < $4 << 22 and x._rev >> 22 <> all ($5) or x._rev >> 22 >= $6)
            offset 0) h
        group by 1),
    moved as (
      select distinct left(md5(m.key), 2) as bucket
        from (
          select %3$s as key from %1$s x
            where %4$s and x._rev >= $3 << 22 and (x._rev >= $4 << 22 or x._rev >> 22 = any ($5)) and x._rev >> 22 < $6
          union all
          select %5$s from thermocline.tombstones d
            where d.name = %6$L and %7$s and d.rev >= $3 << 22 and (d.rev >= $4 << 22 or d.rev >> 22 = any ($5))) m)
    select jsonb_agg(jsonb_build_array(get_byte(decode(bucket, 'hex'), 0), coalesce(h.held, 0), coalesce(h.sum, 0)::text,
        m.bucket is not null) order by bucket)
      from held h full join moved m using (bucket)
  $q$, t.relation, thermocline.rows_within(t, since), thermocline.key_text(t, false), thermocline.rows_within(t, null),
    thermocline.key_text(t, true), t.name, case when t.owner_col is null then 'd.owner is null' else 'd.owner = $1' end)
    into buckets using auth.uid(), since, seen_min, seen_max, seen_open, pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
  return coalesce(buckets, '[]');
end $$;
comment on function thermocline.audit_table(thermocline.tables, text, timestamptz) is
  'One table''s buckets that hold anything or in which anything changed: [bucket, count, sum, changed].';

create function thermocline.audit(v int, client text, wanted jsonb) returns jsonb
  language plpgsql stable set search_path = '' set jit = off
as $$
declare
  snap constant pg_snapshot := pg_current_snapshot();
  epoch constant text := thermocline.epoch();
  tables thermocline.tables[];
  trouble text;
begin
  if v is distinct from 1 then return '{"status":"version","v":[1]}'; end if;
  if auth.uid() is null then raise exception using errcode = 'PT401', message = 'sign in to audit'; end if;
  tables := array(select t from thermocline.wanted_tables(wanted) t);
  if exists (select from jsonb_each(wanted) w where w.value ->> 'cursor' is null) then
    perform thermocline.refuse('a table is audited at a cursor');
  end if;
  if exists (select from unnest(tables) t where not t.ready) then return '{"status":"later"}'; end if;
  select c.trouble into trouble
    from (select thermocline.cursor_trouble(w.value ->> 'cursor', epoch, snap) as trouble from jsonb_each(wanted) w) c
    where c.trouble is not null limit 1;
  if trouble = 'later' then return '{"status":"later"}'; end if;
  if trouble is not null then return jsonb_build_object('status', 'resync', 'reason', trouble); end if;
  return jsonb_build_object('status', 'ok', 'tables', (
    select coalesce(jsonb_object_agg(t.name, thermocline.audit_table(t, split_part(wanted -> t.name ->> 'cursor', '.', 2),
        (wanted -> t.name ->> 'since')::timestamptz)), '{}')
      from unnest(tables) t));
end $$;
comment on function thermocline.audit(int, text, jsonb) is
  'What the caller''s device holds of the wanted tables if it lacks nothing, by buckets.';

create function thermocline.bucket_rows(t thermocline.tables, since timestamptz, buckets text[]) returns jsonb
  language plpgsql stable set search_path = public, extensions set jit = off
as $$
declare
  answer jsonb;
begin
  execute format($q$
    with held as (
      select left(md5(%3$s), 2) as bucket, x._rev as rev, to_jsonb(x) - '{_rev,_at}'::text[] as body
        from %1$s x where %2$s and left(md5(%3$s), 2) = any ($3)),
    measured as (
      select bucket, rank() over (order by bucket) as place, sum(sum(pg_column_size(h.body))) over (order by bucket) as bytes
        from unnest($3) bucket left join held h using (bucket) group by bucket),
    answered as (select bucket from measured where place = 1 or coalesce(bytes, 0) <= 1048576)
    select jsonb_build_object('status', 'ok',
      'answered', (select jsonb_agg(get_byte(decode(bucket, 'hex'), 0) order by bucket) from answered),
      'rows', (select coalesce(jsonb_agg(jsonb_build_array(case when rev >> 22 < $4 then rev::text else '1' end, body) order by bucket, rev), '[]')
        from held join answered using (bucket)))
  $q$, t.relation, thermocline.rows_within(t, since), thermocline.key_text(t, false))
    into answer using auth.uid(), since, buckets, pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
  return answer;
end $$;
comment on function thermocline.bucket_rows(thermocline.tables, timestamptz, text[]) is
  'The rows of whole buckets (as two hexadecimal digits), as many buckets as fit 1 MiB and at least one.';

create function thermocline.bucket(v int, client text, name text, since text, buckets jsonb) returns jsonb
  language plpgsql stable set search_path = '' set jit = off
as $$
declare
  t thermocline.tables;
begin
  if v is distinct from 1 then return '{"status":"version","v":[1]}'; end if;
  if auth.uid() is null then raise exception using errcode = 'PT401', message = 'sign in to audit'; end if;
  if name is null or buckets is null or jsonb_typeof(buckets) <> 'array' or jsonb_array_length(buckets) not between 1 and 256
      or exists (select from jsonb_array_elements(buckets) b where b::text !~ '^(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$') then
    perform thermocline.refuse('buckets are asked of a table t, as an array of numbers from 0 to 255');
  end if;
  select * into t from thermocline.wanted_tables(jsonb_build_object(name, jsonb_build_object('since', since)));
  if not t.ready then return '{"status":"later"}'; end if;
  return thermocline.bucket_rows(t, since::timestamptz,
    array(select distinct lpad(to_hex(b::text::int), 2, '0') from jsonb_array_elements(buckets) b));
end $$;
comment on function thermocline.bucket(int, text, text, text, jsonb) is 'Every row that the caller sees in some buckets of a table.';
