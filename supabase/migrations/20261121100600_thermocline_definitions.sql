-- Definitions: what a device must know of a synced table to check and answer by itself.
--
-- Definitions only, no rows: like PostgREST's OpenAPI page it may be read before sign-in. Columns come in their order in
-- the table; _rev and _at are never shown.

create function thermocline.locale_name(provider text, icu text, libc text) returns text
  language sql immutable set search_path = ''
as $$
  select case
    when provider = 'i' then icu
    when libc ~ '^(C|POSIX|ucs_basic)(\.|$)' or provider = 'b' then 'C'
    else replace(split_part(libc, '.', 1), '_', '-') end
$$;
comment on function thermocline.locale_name(text, text, text) is 'C, or the BCP 47 name of a locale.';

create function thermocline.collation_name(collation_id oid) returns text
  language sql stable set search_path = ''
as $$
  -- to_jsonb, because the catalogues' column names differ between PostgreSQL 13 and 17.
  select case collation_id when 0 then null
    when 'pg_catalog."default"'::regcollation then (
      select thermocline.locale_name(coalesce(d ->> 'datlocprovider', 'c'), coalesce(d ->> 'daticulocale', d ->> 'datlocale'), d ->> 'datcollate')
        from (select to_jsonb(p) from pg_catalog.pg_database p where p.datname = current_database()) q(d))
    else (
      select thermocline.locale_name(c ->> 'collprovider', coalesce(c ->> 'colliculocale', c ->> 'colllocale', c ->> 'collcollate'), c ->> 'collcollate')
        from (select to_jsonb(p) from pg_catalog.pg_collation p where p.oid = collation_id) q(c)) end
$$;
comment on function thermocline.collation_name(oid) is 'By which rules a column''s texts are ordered, the database''s default resolved; null for other types.';

create function thermocline.column_names(rel oid, numbers smallint[]) returns jsonb
  language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(a.attname order by n.i), '[]')
    from unnest(numbers) with ordinality n(attnum, i)
    join pg_catalog.pg_attribute a on a.attrelid = rel and a.attnum = n.attnum
$$;
comment on function thermocline.column_names(oid, smallint[]) is 'Names of a table''s columns by number, in the given order.';

create function thermocline.columns_of(rel regclass) returns jsonb
  language sql stable set search_path = ''
as $$
  select jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'not_null', a.attnotnull,
      'default', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end,
      'collation', thermocline.collation_name(a.attcollation),
      'generated', a.attgenerated <> '', 'identity', a.attidentity <> '') order by a.attnum)
    from pg_catalog.pg_attribute a
    left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = rel and a.attnum > 0 and not a.attisdropped and a.attname not in ('_rev', '_at')
$$;
comment on function thermocline.columns_of(regclass) is 'A table''s columns.';

create function thermocline.key_columns(i pg_catalog.pg_index) returns jsonb
  language sql stable set search_path = ''
as $$
  -- An int2vector counts from 0; what an index merely includes comes after its keys.
  select thermocline.column_names(i.indrelid, (i.indkey::smallint[])[0:i.indnkeyatts - 1])
$$;
comment on function thermocline.key_columns(pg_catalog.pg_index) is 'Names of the columns by which an index is ordered.';

create function thermocline.uniques_of(rel regclass) returns jsonb
  language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('name', c.relname, 'columns', thermocline.key_columns(i)) order by c.relname), '[]')
    from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
    where i.indrelid = rel and i.indisunique and not i.indisprimary and i.indpred is null and i.indexprs is null
$$;
comment on function thermocline.uniques_of(regclass) is 'A table''s natural keys: unique over whole columns and all rows.';

create function thermocline.indexes_of(rel regclass) returns jsonb
  language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(thermocline.key_columns(i) order by c.relname), '[]')
    from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid join pg_catalog.pg_am m on m.oid = c.relam
    where i.indrelid = rel and m.amname = 'btree' and i.indisvalid and not i.indisunique and i.indpred is null and i.indexprs is null
      -- enable()'s own serve the server.
      and c.relname !~ '_thermocline_(rev|time)$'
$$;
comment on function thermocline.indexes_of(regclass) is 'Columns of a table''s plain btree indexes: valid, over whole columns and all rows, not unique (those are its key and natural keys).';

create function thermocline.columns_set_by(t pg_catalog.pg_trigger) returns text[]
  language sql stable set search_path = ''
as $$
  -- In plpgsql a row is changed by assignments to new; what merely compares its columns counts as one. By their names:
  -- functions that set the columns which their arguments name.
  select case
    when n.nspname = 'thermocline' then '{}'
    when p.proname in ('set_server_columns', 'moddatetime') then string_to_array(trim(trailing '\' from replace(encode(t.tgargs, 'escape'), '\000', '\')), '\')
    when l.lanname <> 'plpgsql' or p.prosrc ~* '"new"|\mnew\s*:?=|\m(into|for)\s[^;]*\mnew\M|\malias\s+for\M|\mcall\M|\mreturn\s+(?!new\s*;|null\s*;)' then null
    else array(select lower(c[1]) from regexp_matches(p.prosrc, '\mnew\s*\.\s*"?(\w+)"?\s*(?:\[[^]]*\]\s*)*:?=', 'gi') c) end
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace join pg_catalog.pg_language l on l.oid = p.prolang
    where p.oid = t.tgfoid
$$;
comment on function thermocline.columns_set_by(pg_catalog.pg_trigger) is 'Columns that a trigger may change in the row that it fires for; null: any.';

create function thermocline.checks_of(rel regclass) returns jsonb
  language sql stable set search_path = ''
as $$
  with changed as (
    select thermocline.columns_set_by(t) as names from pg_catalog.pg_trigger t
      -- Before each row, of an insert or an update.
      where t.tgrelid = rel and not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype & 3 = 3 and t.tgtype & 20 <> 0
  )
  select coalesce(jsonb_agg(jsonb_build_object('name', k.conname, 'expression', pg_get_expr(k.conbin, k.conrelid),
      'local', not exists (select from changed c where c.names is null) and not exists (
        select from pg_catalog.pg_attribute a left join pg_catalog.pg_collation l on l.oid = a.attcollation
          where a.attrelid = rel and a.attnum = any (k.conkey)
            and (not coalesce(l.collisdeterministic, true) or exists (select from changed c where a.attname = any (c.names)))))
      order by k.conname), '[]')
    from pg_catalog.pg_constraint k where k.conrelid = rel and k.contype = 'c'
      -- Not before PostgreSQL 18.
      and coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
$$;
comment on function thermocline.checks_of(regclass) is 'A table''s check constraints; local where no trigger changes first what they look at, and texts are equal only where their bytes are.';

create function thermocline.foreign_keys_of(rel regclass) returns jsonb
  language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('name', f.conname, 'columns', thermocline.column_names(rel, f.conkey),
      'table', c.relname, 'references', thermocline.column_names(f.confrelid, f.confkey),
      'on_delete', case f.confdeltype when 'c' then 'cascade' when 'n' then 'set null' when 'd' then 'set default'
        when 'r' then 'restrict' else 'no action' end) order by f.conname), '[]')
    from pg_catalog.pg_constraint f join pg_catalog.pg_class c on c.oid = f.confrelid
    where f.conrelid = rel and f.contype = 'f'
$$;
comment on function thermocline.foreign_keys_of(regclass) is 'A table''s foreign keys.';

create function thermocline.definitions(v int, names jsonb) returns jsonb
  language plpgsql stable set search_path = ''
as $$
declare
  tables jsonb;
begin
  if v is distinct from 1 then return '{"status":"version","v":[1]}'; end if;
  if names is not null and jsonb_typeof(names) <> 'array' then
    perform thermocline.refuse('tables must be an array of names, or null for all');
  end if;
  select coalesce(jsonb_object_agg(t.name, jsonb_build_object('columns', thermocline.columns_of(t.relation), 'key', t.key,
      'unique', thermocline.uniques_of(t.relation), 'indexes', thermocline.indexes_of(t.relation), 'checks', thermocline.checks_of(t.relation),
      'foreign_keys', thermocline.foreign_keys_of(t.relation), 'owner', t.owner_col, 'time', t.time_col,
      'policy', t.policy, 'direction', t.direction, 'natural_key', t.natural_key, 'choices', t.choices)), '{}')
    into tables from thermocline.tables t join pg_catalog.pg_class c on c.oid = t.relation where names is null or names ? t.name;
  return jsonb_build_object('status', 'ok', 'v', '[1]'::jsonb, 'tables', tables, 'unknown',
    (select coalesce(jsonb_agg(n), '[]') from jsonb_array_elements_text(coalesce(names, '[]')) n where not tables ? n));
end $$;
comment on function thermocline.definitions(int, jsonb) is 'Definitions of the named tables, or of all synced ones.';
