-- Natural keys: ids that two devices which are offline make alike.
--
-- The id of a row of a table with a natural key is the UUIDv5 of the compact JSON array [table name, values of the natural key in
-- their text form]. Text form: as to_jsonb prints a value, times in UTC, without the quotes. PostgreSQL has no SHA-1 without an
-- extension, so it is here: up to a millisecond an id, which is for single rows, not for filling tables. Invariant: a natural key from
-- which an id was derived never changes; who wants another one deletes and inserts.

create function thermocline.sha1(message bytea) returns bytea
  language plpgsql immutable strict set search_path = ''
as $$
declare
  mask constant bigint := 4294967295;
  padded constant bytea := message || '\x80' || decode(repeat('00', (119 - length(message) % 64) % 64), 'hex') || int8send(length(message)::bigint * 8);
  h bigint[] := '{1732584193,4023233417,2562383102,271733878,3285377520}';
  w bigint[];
  v bigint[];
  f bigint;
begin
  for block in 0 .. length(padded) / 64 - 1 loop
    w := '{}';
    for i in 0 .. 15 loop
      w[i] := ('x' || encode(substr(padded, block * 64 + i * 4 + 1, 4), 'hex'))::bit(32)::bigint;
    end loop;
    for i in 16 .. 79 loop
      f := w[i - 3] # w[i - 8] # w[i - 14] # w[i - 16];
      w[i] := ((f << 1) & mask) | (f >> 31);
    end loop;
    v := h;
    for i in 0 .. 79 loop
      f := case
        when i < 20 then ((v[2] & v[3]) | ((mask - v[2]) & v[4])) + 1518500249
        when i < 40 then (v[2] # v[3] # v[4]) + 1859775393
        when i < 60 then ((v[2] & v[3]) | (v[2] & v[4]) | (v[3] & v[4])) + 2400959708
        else (v[2] # v[3] # v[4]) + 3395469782 end;
      f := ((v[1] << 5) + (v[1] >> 27) + f + v[5] + w[i]) & mask;
      v := array[f, v[1], ((v[2] << 30) & mask) | (v[2] >> 2), v[3], v[4]];
    end loop;
    h := array(select (a + b) & mask from unnest(h, v) with ordinality u(a, b, n) order by n);
  end loop;
  return decode((select string_agg(lpad(to_hex(x), 8, '0'), '' order by n) from unnest(h) with ordinality u(x, n)), 'hex');
end $$;
comment on function thermocline.sha1(bytea) is 'SHA-1, for UUIDs of version 5 only.';

create function thermocline.natural_id(name text, natural_values text[]) returns uuid
  language plpgsql immutable strict set search_path = ''
as $$
declare
  -- UUIDv5 of urn:thermocline:natural-key in the URL namespace
  namespace constant bytea := '\x537807635ece5a4883bf620757cacad7';
  hash bytea;
begin
  if array_position(natural_values, null) is not null then return null; end if;
  hash := thermocline.sha1(namespace || convert_to(array_to_json(name || natural_values)::text, 'UTF8'));
  hash := set_byte(set_byte(hash, 6, get_byte(hash, 6) & 15 | 80), 8, get_byte(hash, 8) & 63 | 128);
  return encode(substr(hash, 1, 16), 'hex')::uuid;
end $$;
comment on function thermocline.natural_id(text, text[]) is
  'The id of the row of this table with this natural key, its values in their text form; null if one is null: such a row has none.';

-- Security definer so that a writer needs no right on our functions; it reads only the row that is being written.
create function thermocline.keep_natural_key() returns trigger
  language plpgsql security definer set search_path = '' set timezone = 'UTC'
as $$
declare
  held constant jsonb := to_jsonb(old);
begin
  if held ->> tg_argv[1] = thermocline.natural_id(tg_argv[0], array(select held ->> c from unnest(tg_argv[2]::text[]) c))::text then
    raise exception using errcode = '23514', table = tg_table_name, schema = tg_table_schema,
      message = format('the natural key of a row of "%s" cannot be changed: its id is derived from it', tg_argv[0]),
      hint = 'Delete the row and insert another one.';
  end if;
  return new;
end $$;
comment on function thermocline.keep_natural_key() is 'Refuses to change a natural key from which the row''s id was derived.';

create function thermocline.check_natural_key(rel regclass, natural_key text[]) returns void
  language plpgsql stable set search_path = ''
as $$
declare
  bad text;
begin
  if natural_key is null then return; end if;
  select c into bad from unnest(natural_key) c
    where not exists (select from pg_catalog.pg_attribute where attrelid = rel and attname = c and attnum > 0 and not attisdropped) limit 1;
  if bad is not null then
    raise exception using errcode = '42703', message = format('%s has no column "%s" for a natural key', rel, bad);
  elsif not exists (select from pg_catalog.pg_index i join pg_catalog.pg_attribute a on a.attrelid = rel and a.attnum = i.indkey[0]
      where i.indrelid = rel and i.indisprimary and i.indnkeyatts = 1 and a.atttypid = 'uuid'::regtype and a.attname <> all (natural_key)) then
    raise exception using errcode = '42P16', message = format('the primary key of %s is not one uuid column beside its natural key', rel);
  elsif not exists (select from pg_catalog.pg_index i
      where i.indrelid = rel and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null and i.indnkeyatts = cardinality(natural_key)
        and not exists (select from unnest((i.indkey::smallint[])[0:i.indnkeyatts - 1]) n
          join pg_catalog.pg_attribute a on a.attrelid = rel and a.attnum = n where a.attname <> all (natural_key))) then
    raise exception using errcode = '42P16', message = format('%s has no unique constraint over exactly %s', rel, natural_key);
  end if;
end $$;
comment on function thermocline.check_natural_key(regclass, text[]) is 'Refuses a natural key that no unique constraint stands for, and says why.';

create function thermocline.guard_natural_key(t thermocline.tables) returns void
  language plpgsql volatile set search_path = ''
as $$
begin
  execute format('drop trigger if exists zz_thermocline_keep on %s', t.relation);
  if t.natural_key is null then return; end if;
  execute format('create trigger zz_thermocline_keep before update on %s for each row when (%s) execute function thermocline.keep_natural_key(%L, %L, %L)',
    t.relation, (select string_agg(format('old.%1$I is distinct from new.%1$I', c), ' or ') from unnest(t.natural_key) c),
    t.name, t.key[1], t.natural_key);
end $$;
comment on function thermocline.guard_natural_key(thermocline.tables) is 'The trigger that keeps natural keys as they are.';
