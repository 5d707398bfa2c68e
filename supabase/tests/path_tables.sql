-- RECIPES 5.2, 2, 1.4, 5.9: the tables of the recipe path as they are declared, and whose rows they are (P1, P2, P3, P13).
select plan(36);
create temp table ours as select r.name, format('public.%I', r.name)::regclass as rel from thermocline.recipe_tables r
  where r.recipe = 'path' and r.name <> 'vector_embeddings'; -- that one: tests/sql/path_vectors.test.mjs

select is((select string_agg(format('%s:%s:%s:%s:%s', t.name, policy, direction, coalesce(time_col, '-'), coalesce(natural_key::text, '-')), E'\n' order by t.name) from thermocline.tables t join ours using (name)),
  'achievements:local-wins:both:-:{user_id,achievement_id}
astrology_data_cache:latest-wins:cache:-:{user_id}
cosmic_data_cache:latest-wins:cache:date:{user_id,date}
daily_attunements:remote-wins:both:date:{user_id,date}
health_metrics_history:merge:both:date:{user_id,date}
katas:latest-wins:both:-:{user_id,key}
oejts_answers:latest-wins:both:-:{user_id,question_id}
routine_completions:remote-wins:both:date:{user_id,date,routine}
sovereign_logs:latest-wins:both:created_at:-
sovereign_path_data:merge:both:-:{user_id}
user_progress:latest-wins:both:-:{user_id}', 'the tables have the policies, directions, times and natural keys of RECIPES 2');
select is((select string_agg(name || ':' || t, ' ' order by name, t) from ours, unnest(array['select', 'insert', 'update', 'delete', 'truncate']) t
    where has_table_privilege('authenticated', rel, t) <> (t <> 'truncate' and not (name = 'daily_attunements' and t = 'update'))), null, 'own: read, made, changed, deleted; attunements are never changed (P2, P3)');
select is((select string_agg(name, ' ') from ours where (select count(*) from pg_policies where tablename = name) <> case name when 'daily_attunements' then 3 else 4 end), null, 'each with its policies');
select has_index('sovereign_logs', 'sovereign_logs_by_time', array['user_id', 'created_at'], 'logs are found by time');
select has_index('sovereign_logs', 'sovereign_logs_by_category', array['user_id', 'category', 'created_at'], 'and by category');
select has_index('achievements', 'achievements_by_unlocked', array['user_id', 'unlocked'], 'achievements by being unlocked');
select has_index(t, t || '_by_date', array['user_id', 'date'], t || ' by date') from unnest(array['cosmic_data_cache', 'daily_attunements', 'health_metrics_history']) t;
select is((select string_agg(name || '.' || a.attname, ' ') from ours join pg_attribute a on a.attrelid = rel and a.attname = 'user_id' where not a.attnotnull), null, 'every row has an owner (P13)');

-- A row of each table, and what a device would change of it.
create temp table made (t text, held jsonb, change jsonb);
grant select on made to authenticated;
insert into made values
  ('sovereign_logs', '{"category":"chat","content":"hello","metadata":{"sessionId":"s","messageId":"m"}}', '{"content":"changed"}'),
  ('routine_completions', '{"date":"2026-03-10","routine":"morning","completed_at":"2026-03-10T06:00:00Z"}', '{"completed_at":"2026-03-10T06:30:00Z"}'),
  ('user_progress', '{}', '{"total_completions":3}'),
  ('achievements', '{"achievement_id":"century"}', '{"progress":5}'),
  ('sovereign_path_data', '{"birth_data":{"date":"1990-01-01"}}', '{"settings":{"embed":"all"}}'),
  ('oejts_answers', '{"question_id":1,"value":3,"answered_at":"2026-03-10T06:00:00Z"}', '{"value":4}'),
  ('katas', '{"key":"cold-shower","name":"Cold shower"}', '{"active":false}'),
  ('daily_attunements', '{"date":"2026-03-10","insightful_question":"Q","synthesized_answer":"A","based_on":{}}', null),
  ('health_metrics_history', '{"date":"2026-03-10","steps":4000}', '{"sleep_hours":7.25}'),
  ('cosmic_data_cache', '{"date":"2026-03-10","location":{},"astronomy":{"phase":6}}', '{"astronomy":{"phase":7}}'),
  ('astrology_data_cache', '{"birth_data":{"date":"1990-01-01"}}', '{"transits":{"sun":"fish"},"transits_on":"2026-03-10"}');
create function pg_temp.cols(held jsonb) returns text language sql immutable as $$ select coalesce(string_agg(k, ' ' order by k), '') from jsonb_object_keys(held) k $$;
-- What push answers for every table, where that is not what is said: none, if all is well.
create function pg_temp.otherwise(n int, op text, said text, held text) returns text language plpgsql volatile as $$
declare
  r record;
  row_id uuid;
  a jsonb;
  found text := '';
begin
  for r in select * from pg_temp.made order by t loop
    execute format('select id from public.%I where user_id = $1', r.t) into row_id using tests.uid(1);
    a := tests.answer(n, tests.group(r.t, op, case when op = 'del' then '' else pg_temp.cols(case held when 'change' then coalesce(r.change, r.held) else r.held end) end,
      tests.m(n, case when op = 'del' then '{}' when held = 'change' then coalesce(r.change, r.held) else r.held end
        || jsonb_build_object('id', coalesce(row_id, gen_random_uuid()), '_b', '1'))));
    if coalesce(a #>> '{2,error,code}', a ->> 0) !~ said then found := found || r.t || ':' || a::text || ' '; end if;
  end loop;
  return nullif(found, '');
end $$;

select is(pg_temp.otherwise(1, 'ins', '^applied$', 'held'), null, 'every table takes a row of its user');
select is((select string_agg(t || ':' || n, ' ') from (select t, (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from public.%I where user_id = %L', t, tests.uid(1)), false, true, '')))[1]::text as n from made) q where n <> '1'), null, 'and keeps it');
select is(pg_temp.otherwise(2, 'upd', '^(hidden|42501)$', 'change'), null, 'nobody else changes it');
select is(pg_temp.otherwise(2, 'del', '^applied$', ''), null, 'a stranger''s delete does nothing');
select is((select string_agg(t, ' ') from made where tests.trouble(2, format('do $x$ begin if exists (select from public.%I) then raise exception ''seen''; end if; end $x$', t)) is not null), null, 'nobody else sees it');
select is((select string_agg(t || ' ' || tests.trouble(3, format('set local role anon; select * from public.%I', t)), ' ') from made where tests.trouble(3, format('set local role anon; select * from public.%I', t)) !~ '^42501'), null, 'nor who is not signed in');
select is((select string_agg(t, ' ') from made where tests.trouble(2, format('insert into public.%I select (jsonb_populate_record(null::public.%1$I, %L)).*', t, held || jsonb_build_object('id', gen_random_uuid(), 'user_id', tests.uid(1)))) !~ '^42501'), null, 'nor makes one for its owner');

-- upserts
select is(pg_temp.otherwise(1, 'ups', '^(applied|merged|superseded)$', 'change'), null, 'an upsert of every row works, caches included (P3)');
select is((select (select astronomy ->> 'phase' from cosmic_data_cache) || ' ' || (select transits ->> 'sun' from astrology_data_cache)), '7 fish', 'caches take what was fetched later');
select matches(tests.trouble(1, 'update public.daily_attunements set synthesized_answer = ''x'''), '^42501', 'an attunement is not changed');

-- the first attunement of a day stays (P9)
select thermocline.natural_id('daily_attunements', array[tests.uid(1)::text, '2026-03-11']) as a \gset
select is(thermocline.natural_id('daily_attunements', array[tests.uid(1)::text, '2026-03-10'])::text, 'e725aeef-bc74-58ca-9529-d22096ccf0a2', 'a day''s attunement has the id of RECIPES X-1');
select tests.answer(1, tests.group('daily_attunements', 'ins', 'date insightful_question synthesized_answer based_on', tests.m(1, jsonb_build_object('id', :'a', 'date', '2026-03-11', 'insightful_question', 'first', 'synthesized_answer', '', 'based_on', '{}'::jsonb)))) \gset ignored_
select tests.answer(1, tests.group('daily_attunements', 'ins', 'date insightful_question synthesized_answer based_on', tests.m(1, jsonb_build_object('id', :'a', 'date', '2026-03-11', 'insightful_question', 'second', 'synthesized_answer', '', 'based_on', '{}'::jsonb)))) as told \gset
select is((:'told'::jsonb ->> 0) || ' ' || (:'told'::jsonb #>> '{2,row,insightful_question}'), 'superseded first', 'a second device that made one offline gets the first one back');

-- one routine a day, whichever device says so; folds and answers of two devices
create function pg_temp.complete(at text) returns jsonb language sql volatile as $$
  select tests.answer(1, tests.group('routine_completions', 'ins', 'date routine completed_at', tests.m(1, jsonb_build_object(
    'id', thermocline.natural_id('routine_completions', array[tests.uid(1)::text, '2026-03-12', 'morning']), 'date', '2026-03-12', 'routine', 'morning', 'completed_at', at)))) $$;
select pg_temp.complete('2026-03-12T06:00:00Z') ->> 0 as one \gset
select pg_temp.complete('2026-03-12T05:00:00Z') ->> 0 as other \gset
select is(:'one' || ' ' || :'other', 'applied superseded', 'a routine completed on two devices offline is counted once');
select is((select count(*) || ' ' || min(completed_at at time zone 'UTC') from routine_completions where date = '2026-03-12'), '1 2026-03-12 06:00:00', 'by whose push came first');
select is((select string_agg(t || '.' || c, ' ') from (values ('user_progress', 'updated_at'), ('sovereign_path_data', 'last_sync_date'), ('health_metrics_history', 'synced_at')) v(t, c)
  where tests.trouble(1, format('update public.%I set %I = %L', t, c, '2001-01-01')) is not null), null, 'server-set columns may be sent');
select is((select (select count(*) from user_progress where updated_at < '2026-01-02') + (select count(*) from sovereign_path_data where last_sync_date < '2026-01-02') + (select count(*) from health_metrics_history where synced_at < '2026-01-02')), 0::bigint, 'and are not taken');
update health_metrics_history set sleep_hours = 7.5;
select _rev as rev, synced_at as was, updated_at as changed from health_metrics_history \gset
update health_metrics_history set sleep_hours = 7.50, synced_at = '2030-01-01', updated_at = '2030-01-01';
select is((select format('%s %s %s', _rev, synced_at, updated_at) from health_metrics_history), format('%s %s %s', :'rev', :'was', :'changed'), 'an update that changes nothing else changes none of them');
select is(tests.answer(1, tests.group('health_metrics_history', 'upd', 'date', tests.m(1, (select jsonb_build_object('id', id, 'date', '2026-03-11') from health_metrics_history)))) ->> 0, 'merged', 'a row whose id is random may move to another day');
select is((tests.answer(1, tests.group('daily_attunements', 'del', '', tests.m(1, jsonb_build_object('id', :'a', '_b', (select _rev::text from daily_attunements where id = :'a')))))) ->> 0, 'applied', 'an attunement can be deleted');

-- settings
select is((tests.answer(1, tests.group('sovereign_path_data', 'upd', 'settings', tests.m(1, (select jsonb_build_object('id', id, 'settings', '{"embed":"none"}'::jsonb, '_b', _rev::text) from sovereign_path_data))))) #>> '{2,error,code}', '23514', 'of settings only known ones are taken');

-- all of it goes
select is(pg_temp.otherwise(1, 'del', '^(applied|superseded)$', ''), null, 'every row can be deleted by its user (P2)');
select is(pg_temp.otherwise(1, 'ups', '^(applied|merged|superseded)$', 'held'), null, 'and made again');
select tests.become(1), public.delete_my_rows('path') as counts, set_config('role', 'none', true) \gset gone_
select is((select count(*) from jsonb_each(:'gone_counts'::jsonb)), (select count(*) from thermocline.recipe_tables where recipe = 'path'), 'delete_my_rows says what it deleted of each table');
select is((select sum((xpath('/row/n/text()', query_to_xml(format('select count(*) as n from public.%I', t), false, true, '')))[1]::text::int) from made), 0::bigint, 'and leaves none');
select is(pg_temp.otherwise(1, 'ups', '^(applied|merged|superseded)$', 'held'), null, 'rows made after that');
delete from auth.users where id = tests.uid(1);
select is((select sum((xpath('/row/n/text()', query_to_xml(format('select count(*) as n from public.%I', t), false, true, '')))[1]::text::int) from made), 0::bigint, 'go with their account');
select * from finish();
