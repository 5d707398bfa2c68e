-- Invariant 11, PITFALLS 5, 6, 12: who may do what, read from the catalogue and tried.
select plan(33);

-- from the catalogue
select is((select string_agg(p.proname, ' ' order by p.proname) from pg_proc p where p.pronamespace = 'public'::regnamespace and has_function_privilege('anon', p.oid, 'execute')
  and p.proname not in (select proname from pg_proc p join pg_depend d on d.objid = p.oid and d.deptype = 'e')), 'thermocline_schema', 'anon may call the definitions only');
select is((select count(*) from pg_class c where c.relnamespace in ('public'::regnamespace, 'thermocline'::regnamespace) and c.relkind = 'r' and c.relname not in ('tables', 'tap_funky', 'pg_all_foreign_keys')
  and has_table_privilege('anon', c.oid, 'select, insert, update, delete, truncate, references, trigger')), 0::bigint, 'anon has no right on any table');
select is((select string_agg(t, ' ') from unnest(array['select', 'insert', 'update', 'delete', 'truncate']) t where has_table_privilege('anon', 'thermocline.tables', t)), 'select', 'but to read which tables are synced');
select is((select count(*) from pg_class c where c.relnamespace in ('public'::regnamespace, 'thermocline'::regnamespace) and c.relkind = 'r'
  and has_table_privilege('authenticated', c.oid, 'truncate, references, trigger')), 0::bigint, 'nobody who is signed in may truncate a table');
select is((select string_agg(format('%s:%s', c.relname, t), ' ' order by c.relname, t) from pg_class c, unnest(array['select', 'insert', 'update', 'delete']) t
  where c.relnamespace = 'thermocline'::regnamespace and c.relkind = 'r' and has_table_privilege('authenticated', c.oid, t)),
  'answers:insert answers:select settings:select tables:select tombstones:select', 'of our own tables a user may write answers only');
select is((select count(*) from pg_class c where c.relnamespace in ('public'::regnamespace, 'thermocline'::regnamespace) and c.relkind = 'r' and not c.relrowsecurity), 0::bigint, 'every table has row-level security');
select is((select string_agg(p.proname, ' ' order by p.proname) from pg_proc p where p.pronamespace in ('public'::regnamespace, 'thermocline'::regnamespace) and p.prosecdef),
  'bury check_choice epoch forget keep_natural_key ring stamp stamp_columns', 'the security definers are those that say why');
select is((select string_agg(p.proname, ' ' order by p.proname) from pg_proc p where p.pronamespace in ('thermocline'::regnamespace) and not coalesce(p.proconfig::text like '%search_path=%', false)),
  'now_us shown stamp_of', 'every function sets its search_path, but the three that are inlined');
select is((select string_agg(p.proname, ' ' order by p.proname) from pg_proc p where p.pronamespace = 'thermocline'::regnamespace and p.prorettype <> 'trigger'::regtype and not has_function_privilege('authenticated', p.oid, 'execute')),
  'announce_table backfill check_natural_key check_table enable guard_natural_key index_table keep_order new_epoch next_rev purge touch watch_table', 'operators'' functions are the owner''s alone');
select ok(not has_sequence_privilege('authenticated', 'thermocline.revs', 'usage'), 'nobody can spend revisions');
select is((select count(*) from pg_class c left join pg_description d on d.objoid = c.oid and d.objsubid = 0 where c.relnamespace = 'thermocline'::regnamespace and c.relkind in ('r', 'S') and d is null)
  + (select count(*) from pg_proc p left join pg_description d on d.objoid = p.oid where p.pronamespace = 'thermocline'::regnamespace and d is null), 0::bigint, 'every object has its comment');

-- tried
select tests.push(1, tests.group('entries', 'ins', 'title', tests.m(1, jsonb_build_object('id', tests.id(1), 'title', 'mine')))) \gset ignored_
select _rev as rev from entries \gset
select is((tests.answer(2, tests.group('entries', 'ins', 'title', tests.m(2, jsonb_build_object('id', tests.id(1), 'title', 'stolen'))))) #>> '{2,error,code}', '42501', 'an insert with a stranger''s id is refused');
select is((tests.answer(2, tests.group('entries', 'ups', 'title', tests.m(2, jsonb_build_object('id', tests.id(1), 'title', 'stolen'))))) #>> '{2,error,code}', '42501', 'so is an upsert');
select ok(not tests.answer(2, tests.group('entries', 'ins', 'title', tests.m(2, jsonb_build_object('id', tests.id(1), 'title', 'stolen'))))::text like '%mine%', 'and shows nothing of the row');
select is(tests.answer(2, tests.group('entries', 'upd', 'title', tests.m(2, jsonb_build_object('id', tests.id(1), 'title', 'stolen', '_b', :'rev')))), '["hidden",null,null]'::jsonb, 'an update of a stranger''s row is hidden');
select is(tests.answer(2, tests.group('entries', 'del', '', tests.m(2, jsonb_build_object('id', tests.id(1), '_b', :'rev')))), '["applied",null,null]'::jsonb, 'a delete of a stranger''s row does nothing');
select is((tests.answer(2, tests.group('entries', 'ins', 'title user_id', tests.m(2, jsonb_build_object('id', tests.id(2), 'title', 'x', 'user_id', tests.uid(1)))))) #>> '{2,error,code}', '42501', 'an insert as another user is refused');
select is((tests.answer(2, tests.group('entries', 'ins', 'title', tests.m(1, jsonb_build_object('id', tests.id(3), 'title', 'x'))))) #>> '{2,error,code}', '42501', 'so is a mutation that says it is another user''s (PITFALLS 20)');
select is((tests.answer(2, tests.group('entries', 'ins', 'title', tests.m(1, jsonb_build_object('id', tests.id(3), 'title', 'x')) - '_u'))) #>> '{2,error,code}', '42501', 'or does not say whose it is');
select is((tests.answer(1, tests.group('entries', 'upd', 'user_id', tests.m(1, jsonb_build_object('id', tests.id(1), 'user_id', tests.uid(2), '_b', :'rev'))))) #>> '{2,error,code}', '42501', 'a row cannot be given away');
select is((select title || user_id from entries), 'mine' || tests.uid(1), 'after all that the row is what it was');

-- a policy that lets a row be read but not deleted or changed
select tests.make_table('records') \gset ignored_
drop policy own on records;
create policy readers on records for select to authenticated using ((select auth.uid()) = user_id);
create policy makers on records for insert to authenticated with check ((select auth.uid()) = user_id);
insert into records (id, user_id, title) values (tests.id(1), tests.uid(1), 'r');
select is((tests.answer(1, tests.group('records', 'del', '', tests.m(1, jsonb_build_object('id', tests.id(1), '_b', (select _rev::text from records)))))) #>> '{2,error,code}', '42501', 'a delete that policies forbid is refused, not called applied');
select is(tests.answer(1, tests.group('records', 'upd', 'title', tests.m(1, jsonb_build_object('id', tests.id(1), 'title', 'x', '_b', (select _rev::text from records))))) ->> 0, 'hidden', 'an update that policies forbid is hidden');
select is(tests.answer(1, tests.group('records', 'ins', 'title', tests.m(1, jsonb_build_object('id', tests.id(2), 'title', 'x')))) ->> 0, 'applied', 'an insert that they allow is applied');
select is(tests.push(1, tests.group('records', 'ins', 'title', tests.m(1, jsonb_build_object('id', tests.id(2), 'title', 'y')))) #>> '{groups,0,0,0}' <> 'applied', true, 'and not twice');

-- directly, past push
delete from entries;
select is(tests.trouble(2, 'do $x$ begin if exists (select from thermocline.tombstones) then raise exception ''seen''; end if; end $x$'), null, 'a stranger''s tombstones are not seen');
select is(tests.trouble(2, 'do $x$ begin if exists (select from thermocline.answers where owner <> auth.uid()) then raise exception ''seen''; end if; end $x$'), null, 'nor are their answers');
select matches(tests.trouble(2, format('insert into thermocline.answers (owner, mutation_id, outcome) values (%L, gen_random_uuid(), ''applied'')', tests.uid(1))), '^42501', 'nor can they be forged');
select matches(tests.trouble(1, 'delete from thermocline.answers'), '^42501', 'nobody forgets an answer');
select matches(tests.trouble(1, 'truncate public.entries'), '^42501', 'nobody truncates');
select matches(tests.trouble(1, 'select thermocline.new_epoch()'), '^42501', 'nobody but the owner starts a new epoch');
select matches(tests.trouble(1, 'update thermocline.settings set epoch = gen_random_uuid()'), '^42501', 'or changes the settings');
select throws_ok('set role anon; select public.thermocline_push(1, null, ''[]'')', '42501', null, 'anon may not push');
reset role;
select * from finish();
