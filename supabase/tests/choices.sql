-- DESIGN 6: a user chooses among the policies that a table allows, and the choice is a synced row.
select plan(22);
select tests.make_table('notes', enabled => false) \gset ignored_
create function pg_temp.choose(n int, op text, held jsonb) returns jsonb language sql volatile
  as $$ select tests.answer(n, tests.group('thermocline_choices', op, 'policy', tests.m(n, held || jsonb_build_object('user_id', tests.uid(n), 'table_name', 'notes')))) $$;
create temp table base (id uuid, seen text);
-- An edit of a title that someone else has changed since, in row n.
create function pg_temp.edit(n int, uid int default 1) returns text language sql volatile
  as $$ select tests.answer(uid, tests.group('notes', 'upd', 'title', tests.m(uid, jsonb_build_object('id', tests.id(n), 'title', 'mine', '_b', seen, '_w', '{"title":"base"}'::jsonb)))) ->> 0
    from base where id = tests.id(n) $$;

-- declared
select throws_ok($$select thermocline.enable('notes', 'user_id', 'merge', choices => '{ask,remote-wins}')$$, '23514', null, 'the table''s own policy is one of the choices');
select throws_ok($$select thermocline.enable('notes', 'user_id', 'merge', choices => '{merge,newest}')$$, '23514', null, 'and all are policies');
select thermocline.enable('notes', 'user_id', 'ask', choices => '{merge,ask}') \gset ignored_
select is(public.thermocline_schema(1, '["notes"]') #> '{tables,notes,choices}', '["merge","ask"]', 'devices are told the choices');
select is((select stamped from thermocline.tables where name = 'notes'), true, 'a table that may be settled by time has the stamps for it');
select is(public.thermocline_schema(1, '["thermocline_choices"]') #>> '{tables,thermocline_choices,policy}', 'latest-wins', 'choices are a synced table themselves');

-- chosen
insert into notes (id, user_id, title) select tests.id(i), tests.uid(case i when 3 then 2 else 1 end), 'base' from generate_series(1, 7) i;
insert into base select id, _rev::text from notes;
update notes set title = 'theirs';
select is(pg_temp.edit(1), 'conflict', 'without a choice the table''s policy decides');
select is(pg_temp.choose(1, 'ins', '{"policy":"merge"}') ->> 0, 'applied', 'a user chooses');
select is(pg_temp.edit(2), 'merged', 'and is settled so');
select is(pg_temp.edit(3, 2), 'conflict', 'another user is not');
select is((select jsonb_agg(r -> 1) from jsonb_array_elements(tests.pull(1, '{"thermocline_choices":{}}') #> '{pages,0,rows}') r),
  jsonb_build_array(jsonb_build_object('user_id', tests.uid(1), 'table_name', 'notes', 'policy', 'merge')), 'the user''s other devices pull the choice');
select is(tests.pull(2, '{"thermocline_choices":{}}') -> 'pages', '[]', 'a stranger does not');
select is(pg_temp.choose(1, 'upd', jsonb_build_object('policy', 'ask', '_t', '5')) ->> 0, 'superseded', 'of two choices the later wins');
select is(pg_temp.choose(1, 'upd', '{"policy":"ask"}') ->> 0, 'merged', 'a choice is changed');
select is(pg_temp.edit(4), 'conflict', 'and holds from then on');
select seen from base where id = tests.id(5) \gset
select is(tests.outcomes(tests.push(1, tests.group('thermocline_choices', 'upd', 'policy', tests.m(1, jsonb_build_object('user_id', tests.uid(1), 'table_name', 'notes', 'policy', 'merge'))),
  tests.group('notes', 'upd', 'title', tests.m(1, jsonb_build_object('id', tests.id(5), 'title', 'mine', '_b', :'seen', '_w', '{"title":"base"}'::jsonb))))), 'merged merged', 'in the same batch too');
select is(pg_temp.choose(1, 'del', '{}') ->> 0, 'applied', 'it is withdrawn');
select is(pg_temp.edit(6), 'conflict', 'and the table''s policy decides again');

-- refused
select is(pg_temp.choose(1, 'ins', '{"policy":"local-wins"}') #>> '{2,error,code}', '23514', 'a policy that the table does not allow is refused');
select is(tests.answer(1, tests.group('thermocline_choices', 'ins', 'policy', tests.m(1, jsonb_build_object('user_id', tests.uid(1), 'table_name', 'entries', 'policy', 'merge')))) #>> '{2,error,code}', '23514',
  'so is one for a table without choices');
select is(tests.answer(1, tests.group('thermocline_choices', 'ins', 'policy', tests.m(1, jsonb_build_object('user_id', tests.uid(2), 'table_name', 'notes', 'policy', 'merge')))) #>> '{2,error,code}', '42501', 'and one for another user');
select pg_temp.choose(1, 'ins', '{"policy":"merge"}') \gset ignored_
select thermocline.enable('notes', 'user_id', 'ask', choices => '{ask,remote-wins}') \gset ignored_
select is(pg_temp.edit(7), 'conflict', 'a choice that is allowed no more has no effect');
select thermocline.enable('notes', 'user_id', 'ask') \gset ignored_
select is(public.thermocline_schema(1, '["notes"]') #> '{tables,notes,choices}', 'null', 'and a table may leave none');
select * from finish();
