-- RECIPES 4.1, 4.3, 1.4: snapshots belong to their user, one state of five minutes is one row, server-set columns are the server's. C1, C2, C5, C16.
select plan(28);
create function pg_temp.reading(n int, i int, hash text, more jsonb default '{}') returns jsonb language sql volatile as $$
  select tests.answer(n, tests.group('context_snapshots', 'ins', 'recorded_at utc_offset_min focus_level energy_level mood_state activity_pattern context_hash' || coalesce((select ' ' || string_agg(k, ' ') from jsonb_object_keys(more) k where k not like '\_%'), ''),
    tests.m(n, jsonb_build_object('id', tests.id(i), 'recorded_at', '2026-03-10T07:10:00Z', 'utc_offset_min', 60, 'focus_level', 4, 'energy_level', 5, 'mood_state', 'calm', 'activity_pattern', 'communication', 'context_hash', hash) || more))) $$;

select is((select string_agg(format('%s:%s:%s:%s', name, direction, policy, time_col), ' ' order by name) from thermocline.tables where name in ('context_snapshots', 'daily_insights', 'daily_insight_drafts')),
  'context_snapshots:both:version:recorded_at daily_insight_drafts:local-only:remote-wins:date daily_insights:pull-only:remote-wins:date', 'the tables are enabled as section 2 says');
select is((select natural_key from thermocline.tables where name = 'context_snapshots'), '{user_id,context_hash}', 'with their natural key');
select is(thermocline.natural_id('context_snapshots', array[tests.uid(1)::text, '9ddee883758b5c5dad75b8dc496c2d8a'])::text, 'dcd232f9-5fa5-5120-b48f-bf63cae4c994', 'C-X1: the id that devices derive');

-- one state, one row
select thermocline.natural_id('context_snapshots', array[tests.uid(1)::text, '9ddee883758b5c5dad75b8dc496c2d8a']) as id \gset
select is(pg_temp.reading(1, 1, '9ddee883758b5c5dad75b8dc496c2d8a', jsonb_build_object('id', :'id')) ->> 0, 'applied', 'a device pushes a reading');
select is(pg_temp.reading(1, 1, '9ddee883758b5c5dad75b8dc496c2d8a', jsonb_build_object('id', :'id', '_w', '{}'::jsonb)) ->> 0, 'superseded', '4.9 (3): the same reading of another device is no second row');
select is(pg_temp.reading(2, 2, '9ddee883758b5c5dad75b8dc496c2d8a') ->> 0, 'applied', '4.9 (4): another user may have the same hash');
select is((select count(*) from context_snapshots), 2::bigint, 'both have their row');
select is(pg_temp.reading(1, 3, '9ddee883758b5c5dad75b8dc496c2d8a') #>> '{2,error,constraint}', 'context_snapshots_natural_key', 'a hash that is taken under another id is refused, and the row in the way is shown');
select is(tests.answer(1, tests.group('context_snapshots', 'upd', 'context_hash', tests.m(1, jsonb_build_object('id', :'id', 'context_hash', repeat('0', 32), '_b', (select _rev::text from context_snapshots where id = :'id'))))) #>> '{2,error,code}', '23514', 'an edit keeps id and hash');

-- what the server sets
select is(pg_temp.reading(1, 4, repeat('4', 32), '{"synced_at":"2001-01-01","inserted_at":"2001-01-01","updated_at":"2001-01-01"}') ->> 0, 'applied', 'a client''s times are taken for nothing');
select is((select count(*) from context_snapshots where synced_at < now() - interval '1 hour' or inserted_at < now() - interval '1 hour' or updated_at < now() - interval '1 hour'), 0::bigint, 'the server sets its own');
-- C20 on the real table
select _rev::text as rev from context_snapshots where id = :'id' \gset
select is(tests.answer(1, tests.group('context_snapshots', 'upd', 'focus_level version', tests.m(1, jsonb_build_object('id', :'id', 'focus_level', 9, 'version', 2, '_b', :'rev', '_w', '{"focus_level":4.00,"version":1}'::jsonb)))) ->> 0, 'applied', 'C20: an edit raises the version');
select is(tests.answer(1, tests.group('context_snapshots', 'upd', 'focus_level version', tests.m(1, jsonb_build_object('id', :'id', 'focus_level', 3, 'version', 2, '_b', :'rev', '_w', '{"focus_level":4.00,"version":1}'::jsonb)))) ->> 0, 'superseded', '4.9 (12): an edit of the older version is skipped, and said so');
select is((select focus_level || ' ' || version from context_snapshots where id = :'id'), '9.00 2', 'the row is the newer one');

-- whose
select is(tests.trouble(2, 'do $x$ begin if (select count(*) from public.context_snapshots) <> 1 then raise exception ''seen''; end if; end $x$'), null, 'a stranger sees their own only');
select is(tests.trouble(2, format('update public.context_snapshots set focus_level = 0 where id = %L', :'id')), null, 'a stranger''s update');
select is(tests.trouble(2, format('delete from public.context_snapshots where id = %L', :'id')), null, 'and delete');
select is((select focus_level::text from context_snapshots where id = :'id'), '9.00', 'change nothing');
select matches(tests.trouble(1, format('update public.context_snapshots set user_id = %L where id = %L', tests.uid(2), tests.id(4))), '^42501', 'a row cannot be given away');
select is(pg_temp.reading(2, 5, repeat('5', 32), jsonb_build_object('user_id', tests.uid(1))) #>> '{2,error,code}', '42501', 'nor made for another');
select throws_ok('set role anon; select * from public.context_snapshots', '42501', null, 'anon sees nothing');
reset role;
select throws_ok('set role anon; select * from public.daily_insights', '42501', null, 'of the days neither');
reset role;
select is(tests.answer(1, tests.group('daily_insight_drafts', 'ins', 'date', tests.m(1, jsonb_build_object('id', tests.id(9), 'date', '2026-03-10')))) #>> '{2,error,code}', '42501', 'drafts never leave the device (C13)');
select matches(tests.trouble(1, 'select * from public.daily_insight_drafts'), '^42501', 'and are not to be had here');

-- history, for export_history
create function pg_temp.history(n int, more text default '''2026-01-01'', ''2026-12-31''') returns jsonb language plpgsql volatile as $$
declare
  answer jsonb;
begin
  perform tests.become(n);
  execute format('select public.context_history(%s)', more) into answer;
  perform set_config('role', 'none', true);
  return answer;
end $$;
select is((pg_temp.history(1) ->> 'count') || (pg_temp.history(2) ->> 'count') || (pg_temp.history(3) ->> 'count'), '210', 'history is the caller''s');
select is((select count(distinct l::jsonb ->> 'id') from (select pg_temp.history(1, '''2026-01-01'', ''2026-12-31'', max_rows => 1') as page) p, lateral (select page ->> 'lines' union all
  select pg_temp.history(1, format('''2026-01-01'', ''2026-12-31'', %L, %L, 1', page #>> '{last,after_recorded_at}', page #>> '{last,after_id}')) ->> 'lines') q(l)), 2::bigint, 'its pages overlap nowhere');
select matches(pg_temp.history(1) ->> 'lines', '"focus_level": 9\.00', 'numbers keep their text');
insert into context_snapshots (user_id, recorded_at, utc_offset_min, focus_level, energy_level, mood_state, activity_pattern, context_hash)
  select tests.uid(6), a::timestamptz, o, 5, 5, 'calm', 'rest', md5(a) from (values ('2026-05-09T23:30:00Z', 60), ('2026-05-10T23:30:00Z', 60), ('2026-05-09T10:30:00Z', 840), ('2026-05-11T13:00:00Z', -840), ('2026-05-10T12:00:00Z', 0)) v(a, o);
select is(pg_temp.history(6, '''2026-05-10'', ''2026-05-10''') ->> 'count', '4', 'a day is the local one of each snapshot');
select * from finish();
