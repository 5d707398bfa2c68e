-- RECIPES 4.5, C-X3, C-X4, C10, C12: the figures of a day and of the last hours, worked out on the server.
select plan(50);
create function pg_temp.put(n int, at text, focus numeric, energy numeric default 5, mood text default 'calm', activity text default 'rest', off int default 60) returns int language sql volatile as $$
  insert into public.context_snapshots (id, user_id, recorded_at, utc_offset_min, focus_level, energy_level, mood_state, activity_pattern, context_hash)
    values (gen_random_uuid(), tests.uid(n), (at || 'Z')::timestamptz - off * interval '1 minute', off, focus, energy, mood, activity, replace(gen_random_uuid()::text, '-', '')) returning 1 $$;
create function pg_temp.day(n int, day date) returns jsonb language sql stable as $$ select thermocline.day_figures(tests.uid(n), day) $$;
create function pg_temp.recent(n int, hours int, until timestamptz) returns jsonb language plpgsql volatile as $$
declare
  answer jsonb;
begin
  perform tests.become(n);
  answer := public.context_insights(hours, until);
  perform set_config('role', 'none', true);
  return answer;
end $$;

-- C-X3
select count(pg_temp.put(1, '2026-03-10 ' || t, f, e, m, a)) from (values ('08:10', 4.00, 5.00, 'calm', 'communication'), ('08:40', 5.00, 5.50, 'calm', 'communication'), ('09:15', 7.00, 6.00, 'calm', 'deep_work'),
  ('09:35', 8.00, 6.50, 'focused', 'deep_work'), ('10:05', 8.50, 7.00, 'happy', 'deep_work'), ('10:20', 7.50, 6.50, 'happy', 'deep_work'), ('14:10', 5.50, 3.50, 'tired', 'meeting'), ('15:00', 6.00, 4.00, 'calm', 'communication')) v(t, f, e, m, a) \gset ignored_
select is(pg_temp.day(1, '2026-03-10') ->> k, v, format('C-X3: %s', k)) from (values ('avg_focus', '6.44'), ('avg_energy', '5.50'), ('total_contexts', '8'), ('peak_hours', '[10, 9, 15]')) c(k, v);
select is(pg_temp.day(1, '2026-03-10') -> 'patterns' ->> k, v, format('C-X3: %s', k)) from (values ('dominant_mood', 'calm'), ('best_activity', 'deep_work'), ('energy_dip_hour', '14'), ('longest_focus_minutes', '65')) c(k, v);
select is(pg_temp.day(1, '2026-03-10') #> '{patterns,volatility}', '{"value":1.14,"label":"variable"}', 'C-X3: volatility');
select is(pg_temp.day(1, '2026-03-10') #>> '{patterns,activities}', ('{"meeting":{"count":1,"avg_focus":5.50,"avg_energy":3.50},"deep_work":{"count":4,"avg_focus":7.75,"avg_energy":6.50},"communication":{"count":3,"avg_focus":5.00,"avg_energy":4.83}}'::jsonb)::text, 'C-X3: activities, two decimals each');
select is(pg_temp.recent(1, 24, '2026-03-10 14:30Z') -> k, v::jsonb, format('C-X3: %s of the last 24 hours', k)) from (values ('avgFocus', '6.44'), ('avgEnergy', '5.50'), ('totalSamples', '8'), ('trend', '"improving"'), ('peakTime', '10'),
  ('timeRange', '{"start":"2026-03-10T07:10:00+00:00","end":"2026-03-10T14:00:00+00:00"}'), ('topActivity', '{"name":"deep_work","count":4}'), ('coverage', '"complete"')) c(k, v);
select is(pg_temp.recent(1, 2, '2026-03-10 14:30Z') ->> 'totalSamples', '2', 'fewer hours, fewer samples');
select is(pg_temp.recent(1, 24, '2026-03-10 09:05Z') ->> 'totalSamples', '5', 'what is ahead of now is not counted');
select is(pg_temp.recent(2, 24, '2026-03-10 14:30Z'), '{"hours":24,"totalSamples":0,"avgFocus":0,"avgEnergy":0,"trend":"stable","peakTime":null,"timeRange":null,"topActivity":null,"coverage":"complete"}', 'a stranger has none; none is no NaN');
select matches(tests.trouble(1, format('select public.context_insights(%s)', h)), '^22023', format('%s hours are refused', h)) from unnest('{0,169,"null"}'::text[]) h;
select throws_ok('set role anon; select public.context_insights()', '42501', null, 'anon is told nothing');
reset role;

-- C-X4, newest first
create function pg_temp.trend(variadic focus numeric[]) returns text language plpgsql volatile as $$
declare
  answer text;
begin
  delete from public.context_snapshots where user_id = tests.uid(3);
  perform pg_temp.put(3, to_char('2026-03-10 20:00'::timestamp - n * interval '5 minutes', 'YYYY-MM-DD HH24:MI'), f) from unnest(focus) with ordinality u(f, n);
  answer := pg_temp.recent(3, 24, '2026-03-10 20:00Z') ->> 'trend';
  return answer;
end $$;
select is(pg_temp.trend(variadic f), t, format('C-X4: %s is %s', f, t)) from (values ('{9,1,1}'::numeric[], 'stable'), ('{5.50,5,5,5}', 'stable'), ('{5.51,5,5,5}', 'improving'), ('{4.50,5,5,5}', 'stable'), ('{4.49,5,5,5}', 'declining'), ('{0.01,0,0,0}', 'improving'), ('{0,0,0,0}', 'stable')) c(f, t);

-- ties, edges
select is(pg_temp.day(4, '2026-03-10'), null, 'a day without a snapshot has no figures');
select count(*) from (select pg_temp.put(4, '2026-03-10 08:00', 7)) q \gset ignored_
select is(pg_temp.day(4, '2026-03-10') -> 'patterns', '{"activities":{"rest":{"count":1,"avg_focus":7.00,"avg_energy":5.00}},"dominant_mood":"calm","best_activity":null,"energy_dip_hour":null,"volatility":null,"longest_focus_minutes":0}', 'one snapshot: no volatility, no best activity, a run of no minutes');
select count(*) from (select pg_temp.put(4, '2026-03-10 ' || t, f, e) from (values ('08:30', 7.00, 5.00), ('09:00', 7.00, 5.00), ('09:31', 9.99, 5.00), ('23:59', 1.00, 3.00)) v(t, f, e)) q \gset ignored_
select is(pg_temp.day(4, '2026-03-10') #>> '{patterns,longest_focus_minutes}', '60', 'half an hour apart is one run, a minute more is not');
select is(pg_temp.day(4, '2026-03-10') ->> 'peak_hours', '[9, 8, 23]', 'hours by average, then the earlier');
select is(pg_temp.day(4, '2026-03-10') #>> '{patterns,energy_dip_hour}', '23', 'an hour 1.60 below the day is a dip');
update context_snapshots set energy_level = 3.13 where user_id = tests.uid(4) and energy_level = 3;
select is(pg_temp.day(4, '2026-03-10') #>> '{patterns,energy_dip_hour}', null, '1.496 below is none, though the averages that are shown are 1.50 apart');
select is(pg_temp.day(4, '2026-03-10') #>> '{patterns,volatility,label}', 'erratic', 'volatility: 2.99 and 8.99 over four steps');
delete from context_snapshots where user_id = tests.uid(4) and focus_level = 9.99;
update context_snapshots set energy_level = 3 where user_id = tests.uid(4) and energy_level = 3.13;
select is(pg_temp.day(4, '2026-03-10') #>> '{patterns,energy_dip_hour}', '23', 'exactly 1.50 below is a dip');
delete from context_snapshots where user_id = tests.uid(4);
select count(*) from (select pg_temp.put(4, '2026-03-10 ' || t, f, 5, 'm' || f, a) from (values ('08:00', 2.00, 'b'), ('08:01', 3.00, 'b'), ('08:02', 3.00, 'b'), ('09:00', 2.67, 'a'), ('09:01', 2.67, 'a'), ('10:00', 8.00, 'c'), ('11:00', 3.00, 'd'), ('11:01', 2.00, 'd'), ('11:02', 3.00, 'd'), ('11:03', 3.00, 'd'), ('11:04', 2.00, 'd'), ('11:05', 3.00, 'd')) v(t, f, a)) q \gset ignored_
select is(pg_temp.day(4, '2026-03-10') ->> 'peak_hours', '[10, 9, 8]', 'means are compared exact: 2.67 before 8/3, and 8/3 is 16/6: the earlier hour');
select is(pg_temp.day(4, '2026-03-10') #>> '{patterns,best_activity}', 'a', '2.67 is more than 8/3, though both are shown as 2.67');
delete from context_snapshots where user_id = tests.uid(4) and activity_pattern = 'a';
select is(pg_temp.day(4, '2026-03-10') #>> '{patterns,best_activity}', 'd', 'of equal means the one with more samples');
select is(pg_temp.day(4, '2026-03-10') #>> '{patterns,dominant_mood}', 'm3.00', 'the most frequent mood');
delete from context_snapshots where user_id = tests.uid(4);
select count(*) from (select pg_temp.put(4, '2026-03-10 ' || t, 5, 5, m, m) from (values ('08:00', 'zz'), ('08:01', 'zz'), ('09:00', 'Zz'), ('09:01', 'Zz'), ('10:00', 'é'), ('10:01', 'é')) v(t, m) where m = lower(m)) q \gset ignored_
select is(pg_temp.day(4, '2026-03-10') #>> '{patterns,dominant_mood}' || (pg_temp.day(4, '2026-03-10') #>> '{patterns,best_activity}'), 'zzzz', 'a tie goes by bytes, not by an alphabet');
-- C12, 4.9 (6): a reading late in the evening counts for the local day
select count(*) from (select pg_temp.put(5, '2026-03-10 23:30', 4, off => -600)) q \gset ignored_
select count(*) from (select pg_temp.put(5, '2026-03-10 00:30', 8, off => 780)) q \gset ignored_
select is(pg_temp.day(5, '2026-03-10') ->> 'total_contexts', '2', 'days and hours are local: what is the 9th and the 11th in UTC counts for the 10th');
select is(pg_temp.day(5, '2026-03-10') ->> 'peak_hours', '[0, 23]', 'with its local hours');
select is(pg_temp.day(5, d), null, format('nothing counts for %s', d)) from (values ('2026-03-09'::date), ('2026-03-11')) v(d);
select count(*) from (select pg_temp.put(6, '2026-03-10 00:00', 4, off => o) from (values (840), (-840)) v(o)) q \gset ignored_
select count(*) from (select pg_temp.put(6, '2026-03-10 23:59', 4, off => o) from (values (840), (-840)) v(o)) q \gset ignored_
select is(pg_temp.day(6, '2026-03-10') ->> 'total_contexts', '4', 'at the farthest offsets too');
select * from finish();
