-- thermocline_schema: what a device must know of a table, exactly.
select plan(23);

select public.thermocline_schema(1, null) #> '{tables,entries}' as e \gset
select is((select string_agg(c ->> 'name', ' ' order by i) from jsonb_array_elements((:'e'::jsonb) -> 'columns') with ordinality q(c, i)),
  'id user_id title body mood amount tags meta status pinned happened_on slug created_at updated_at', 'the columns in their order, without _rev and _at');
select is((select c from jsonb_array_elements((:'e'::jsonb) -> 'columns') c where c ->> 'name' = 'amount'),
  '{"name":"amount","type":"numeric(12,2)","not_null":false,"default":null,"collation":null,"generated":false,"identity":false}'::jsonb, 'a column with its type as PostgreSQL writes it');
select is((select c - 'generated' - 'identity' from jsonb_array_elements((:'e'::jsonb) -> 'columns') c where c ->> 'name' = 'status'),
  '{"name":"status","type":"text","not_null":true,"default":"''open''::text","collation":"en-US"}'::jsonb, 'a text column with the database''s collation');
select is((:'e'::jsonb) -> 'key', '["id"]'::jsonb, 'the key');
select is((:'e'::jsonb) -> 'unique', '[{"name":"entries_user_id_slug_key","columns":["user_id","slug"]}]'::jsonb, 'natural keys');
select is((select string_agg(c ->> 'expression', ' ') from jsonb_array_elements((:'e'::jsonb) -> 'checks') c where c ->> 'name' = 'entries_mood_is_one_to_five'), '((mood >= 1) AND (mood <= 5))', 'checks');
select ok((select bool_and((c ->> 'local')::boolean) from jsonb_array_elements((:'e'::jsonb) -> 'checks') c), 'whose table''s trigger sets another column: a device may decide them');
select is((:'e'::jsonb) - '{columns,key,unique,indexes,checks}'::text[], '{"owner":"user_id","time":"created_at","policy":"merge","direction":"both","foreign_keys":[],"natural_key":null,"choices":null}'::jsonb, 'owner, time, policy and direction');
select tests.make_table('parents') \gset ignored_
select tests.make_table('children', 'c text collate "C", n int generated always as (1) stored, parent_id uuid constraint children_parent_id_fkey references public.parents on delete set null') \gset ignored_
select public.thermocline_schema(1, '["children","nope"]') as s \gset
select is((:'s'::jsonb) #> '{tables,children,foreign_keys}', '[{"name":"children_parent_id_fkey","columns":["parent_id"],"table":"parents","references":["id"],"on_delete":"set null"}]'::jsonb, 'foreign keys');
select is((select string_agg(concat_ws('/', c ->> 'name', c ->> 'collation', c ->> 'generated'), ' ' order by i) from jsonb_array_elements((:'s'::jsonb) #> '{tables,children,columns}') with ordinality q(c, i) where i > 3), 'c/C/false n/true parent_id/false', 'a column''s own collation, and what is generated');
select is((:'s'::jsonb) -> 'unknown', '["nope"]'::jsonb, 'names that are not synced are told');
select is((select string_agg(k, ' ') from jsonb_object_keys((:'s'::jsonb) -> 'tables') k), 'children', 'and only those that were asked for');
create index children_n_key on public.children using hash (n);
create index children_b on public.children (parent_id, c desc nulls last) include (n);
create index children_a on public.children (n);
create index children_lower on public.children (lower(c));
create index children_some on public.children (c) where n = 1;
create unique index children_natural on public.children (c) include (n);
create index children_not_done on public.children (c, n);
update pg_index set indisvalid = false where indexrelid = 'public.children_not_done'::regclass;
select public.thermocline_schema(1, '["children"]') #> '{tables,children}' as c \gset
select is((:'c'::jsonb) -> 'indexes', '[["n"],["parent_id","c"]]'::jsonb, 'plain btree indexes by the columns that order them, ours and half-built ones left out');
select is((:'c'::jsonb) #> '{unique,0}', '{"name":"children_natural","columns":["c"]}'::jsonb, 'a natural key without what its index includes');
select is(public.thermocline_schema(2, null), '{"status":"version","v":[1]}'::jsonb, 'an unknown version is answered with those we speak');

-- Which checks a device may decide: those of columns that no trigger changes first.
alter table public.children add b int, add constraint c_is_short check (length(c) < 9), add constraint n_and_b check (n < b), add constraint b_is_some check (b > 0) not valid;
create function tests.locals() returns text language sql as $$
  select string_agg(concat(c ->> 'name', case when (c ->> 'local')::boolean then '+' end), ' ') from jsonb_array_elements(public.thermocline_schema(1, '["children"]') #> '{tables,children,checks}') c $$;
create function tests.sets_c() returns trigger language plpgsql as $$ begin if new.b is null then NEW.c := 'x'; end if; return new; end $$;
create function tests.sets_any() returns trigger language plpgsql as $$ begin select * into new from public.children limit 1; return new; end $$;
create function tests.gives_another() returns trigger language plpgsql as $$ declare r record; begin r := new; return r; end $$;
create function tests.set_server_columns() returns trigger language plpgsql as $$ begin new := jsonb_populate_record(new, '{}'); return new; end $$;
select is(tests.locals(), 'b_is_some+ c_is_short+ n_and_b+', 'without triggers of the app all of them, in the order of their names');
create trigger t before update on public.children for each row execute function tests.sets_c();
select is(tests.locals(), 'b_is_some+ c_is_short n_and_b+', 'not that of a column which a trigger assigns');
create or replace trigger t before update on public.children for each row execute function tests.set_server_columns('b', 'parent_id');
select is(tests.locals(), 'b_is_some c_is_short+ n_and_b', 'nor of one that a trigger''s arguments name');
create or replace trigger t before update on public.children for each row execute function tests.sets_any();
create trigger u after insert on public.children for each row execute function tests.sets_any();
select is(tests.locals(), 'b_is_some c_is_short n_and_b', 'none where a trigger may change whatever it wants');
create or replace trigger t before insert on public.children for each row execute function tests.gives_another();
select is(tests.locals(), 'b_is_some c_is_short n_and_b', 'or gives another row');
drop table public.children;
select is(public.thermocline_schema(1, '["children"]') -> 'unknown', '["children"]'::jsonb, 'a table that was dropped is not synced any more');
select matches(tests.trouble(1, $$select public.thermocline_pull(1, 'c', '{"children":{}}')$$), '^PT400 unknown_table', 'for a pull neither');
set role anon;
select is(public.thermocline_schema(1, '"[\"entries\"]"') ->> 'status', 'ok', 'before sign-in too, and by a driver that encodes twice');
reset role;
select * from finish();
