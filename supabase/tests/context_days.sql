-- RECIPES 4.7 generate_daily_insights, C14, 4.9 (8): every local day that was touched is worked out anew, and nobody but the job writes it.
select plan(33);
create function pg_temp.put(n int, i int, at text, focus numeric, off int default 0) returns int language sql volatile as $$
  insert into public.context_snapshots (id, user_id, recorded_at, utc_offset_min, focus_level, energy_level, mood_state, activity_pattern, context_hash)
    values (tests.id(i), tests.uid(n), (at || 'Z')::timestamptz, off, focus, 5, 'calm', 'rest', lpad(i::text, 32, '0')) returning 1 $$;
create function pg_temp.days(n int) returns text language sql stable as $$
  select string_agg(to_char(date, 'DD') || ':' || total_contexts || ':' || avg_focus, ' ' order by date) from public.daily_insights where user_id = tests.uid(n) $$;
create function pg_temp.noted() returns text language sql stable as $$
  select string_agg(distinct right(user_id::text, 1) || ':' || to_char(date, 'DD'), ' ') from thermocline.insight_days $$;

select is(public.generate_daily_insights(), 0::bigint, 'nothing noted, nothing to do');
select pg_temp.put(1, 1, '2026-03-10 08:00', 4) + pg_temp.put(1, 2, '2026-03-10 09:00', 6) + pg_temp.put(1, 3, '2026-03-10 23:30', 8, 60) + pg_temp.put(2, 4, '2026-03-10 08:00', 1) as put \gset ignored_
select is(pg_temp.noted(), '1:10 1:11 2:10', 'inserts note their users'' local days');
select is(public.generate_daily_insights(), 3::bigint, 'the job answers how many it worked out');
select is(pg_temp.days(1), '10:2:5.00 11:1:8.00', 'each day has its row');
select is(pg_temp.noted(), null, 'and the notes are gone');
select is((select id from daily_insights where user_id = tests.uid(1) and date = '2026-03-10'), thermocline.natural_id('daily_insights', array[tests.uid(1)::text, '2026-03-10']), 'with the id that devices derive');
select _rev as rev, updated_at from daily_insights where user_id = tests.uid(1) and date = '2026-03-10' \gset
update context_snapshots set source = 'sensor' where id = tests.id(1);
select is(public.generate_daily_insights(), 1::bigint, 'an update notes its day');
select is((select row(_rev, updated_at)::text from daily_insights where user_id = tests.uid(1) and date = '2026-03-10'), row(:'rev'::bigint, :'updated_at'::timestamptz)::text, 'equal figures leave the row as it is');
select pg_temp.put(1, 5, '2026-03-10 10:00', 5.51) as put \gset ignored_
select public.generate_daily_insights() \gset ignored_
select is(pg_temp.days(1), '10:3:5.17 11:1:8.00', 'a late upload corrects the row, and makes no second one');
select ok((select updated_at > :'updated_at' and created_at < updated_at from daily_insights where user_id = tests.uid(1) and date = '2026-03-10'), 'which gets a new time');
update context_snapshots set utc_offset_min = 0 where id = tests.id(3);
select is(pg_temp.noted(), '1:10 1:11', 'a move to another day notes both');
select public.generate_daily_insights() \gset ignored_
select is(pg_temp.days(1), '10:4:5.88', 'the day that lost its last snapshot has no row any more');
delete from context_snapshots where id in (tests.id(1), tests.id(2));
select public.generate_daily_insights() \gset ignored_
select is(pg_temp.days(1), '10:2:6.76', 'deletions are followed');
select tests.cursor(1, 'daily_insights') as seen \gset
delete from context_snapshots where user_id = tests.uid(1);
select public.generate_daily_insights() \gset ignored_
select is(pg_temp.days(1), null, 'down to none');
select matches(tests.changes(1, 'daily_insights', :'seen'), '^gone:', 'devices learn that it is gone');
select is(pg_temp.days(2), '10:1:1.00', 'another user''s days are as they were');

-- by push, and oldest first
select is(tests.answer(3, tests.group('context_snapshots', 'ins', 'recorded_at focus_level energy_level mood_state activity_pattern context_hash',
  tests.m(3, jsonb_build_object('id', tests.id(20), 'recorded_at', '2026-01-02T10:00:00Z', 'focus_level', 4.004, 'energy_level', 5, 'mood_state', 'calm', 'activity_pattern', 'rest', 'context_hash', lpad('20', 32, '0'))))) ->> 0, 'applied', 'a device pushes a snapshot');
select is((select focus_level::text from context_snapshots where id = tests.id(20)), '4.00', 'kept with two decimals');
select pg_temp.put(3, 21, '2026-01-05 10:00', 4) as put \gset ignored_
select is(public.generate_daily_insights(1), 1::bigint, 'a run can be limited');
select is(pg_temp.days(3), '02:1:4.00', 'the longest noted day goes first');
select is(public.generate_daily_insights(1), 1::bigint, 'the next run goes on');
select is(tests.changes(3, 'daily_insights', null) ~ '^row:\w\w row:\w\w$', true, 'a device pulls both');

-- a wrong clock's reading
select pg_temp.put(4, 30, to_char(now() at time zone 'UTC' + interval '2 days', 'YYYY-MM-DD HH24:MI'), 9) as put \gset ignored_
select public.generate_daily_insights() \gset ignored_
select is(pg_temp.days(4), null, 'a reading from the future is not counted yet');
select isnt(pg_temp.noted(), null, 'but its day stays noted');
update context_snapshots set recorded_at = now() - interval '1 minute' where id = tests.id(30);
select public.generate_daily_insights() \gset ignored_
select matches(pg_temp.days(4), ':1:9.00$', 'until its time has come');

-- who may
select is((select string_agg(cmd, ' ' order by cmd) from pg_policies where tablename = 'daily_insights'), 'DELETE SELECT', 'a user reads and deletes insights');
select matches(tests.trouble(1, s), '^42501', s) from unnest(array['select public.generate_daily_insights()', 'insert into public.daily_insights (date, avg_focus, avg_energy, peak_hours, total_contexts, patterns) values (now(), 1, 1, ''[]'', 1, ''{}'')',
  'update public.daily_insights set avg_focus = 10', 'select * from thermocline.insight_days', format('select thermocline.day_figures(%L, ''2026-03-10'')', tests.uid(2))]) s;
select is(tests.answer(3, tests.group('daily_insights', 'del', '', tests.m(3, jsonb_build_object('id', (select id from daily_insights where user_id = tests.uid(3) limit 1))))) #>> '{2,error,code}', '42501', 'by push nothing is written: it is pulled only');
delete from auth.users where id = tests.uid(3);
select is((select count(*) from thermocline.insight_days where user_id = tests.uid(3)) + (select count(*) from daily_insights where user_id = tests.uid(3)), 0::bigint, 'an account that goes leaves neither days nor notes');
select * from finish();
