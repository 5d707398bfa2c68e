-- RECIPES 9: calls are counted where no client can change them. PITFALLS 12: the definers act on auth.uid() only.
select plan(24);
-- What a user is answered.
create function pg_temp.take(n int, f text) returns boolean language plpgsql volatile as $$
declare
  answer boolean;
begin
  perform tests.become(n);
  answer := public.thermocline_take(f);
  perform set_config('role', 'none', true);
  return answer;
end $$;
create function pg_temp.takes(n int, f text, times int) returns text language plpgsql volatile as $$
declare
  yes int := 0;
begin
  for i in 1 .. times loop
    if pg_temp.take(n, f) then yes := yes + 1; end if;
  end loop;
  return yes || ' of ' || times;
end $$;

select is((select string_agg(format('%s:%s:%s:%s/%s', function, scope, kind, n, per), ' ' order by function) from thermocline.call_limits),
  'describe:user:count:100/1 day embed_entry:project:count:500/00:01:00 embed_query:user:count:60/00:01:00 export_history:user:lease:1/00:05:00 fetch_sky:user:count:60/1 day generate_insights:user:count:10/1 day parse_capture:user:count:100/1 day',
  'the limits are those of RECIPES 9');
begin; -- one clock, so that no window ends between
select is(pg_temp.takes(1, 'generate_insights', 12), '10 of 12', 'ten calls a day');
select is(pg_temp.takes(2, 'generate_insights', 3), '3 of 3', 'another user has their own ten');
select is(pg_temp.takes(1, 'fetch_sky', 3), '3 of 3', 'another function is counted apart');
update thermocline.call_limits set n = 4 where function = 'embed_entry';
select is(pg_temp.takes(1, 'embed_entry', 3) || ', ' || pg_temp.takes(2, 'embed_entry', 3), '3 of 3, 1 of 3', 'the project''s calls are counted together');
select is((select count(*) from thermocline.calls where user_id is null), 1::bigint, 'in one row');
select is((select n from thermocline.calls where user_id = tests.uid(1) and function = 'generate_insights'), 10, 'what is refused is not counted');
commit;
update thermocline.calls set window_start = window_start - interval '1 day' where function = 'generate_insights';
select is(pg_temp.takes(1, 'generate_insights', 1), '1 of 1', 'the next day begins anew');
select is((select count(*) from thermocline.calls where user_id = tests.uid(1) and function = 'generate_insights'), 1::bigint, 'and drops the day before');
select is((select count(*) from thermocline.calls where user_id = tests.uid(2) and function = 'generate_insights'), 1::bigint, 'but nobody else''s');

select is(pg_temp.takes(1, 'export_history', 3), '1 of 3', 'a lease is taken once');
select is(pg_temp.takes(2, 'export_history', 1), '1 of 1', 'by each user');
select tests.trouble(1, 'select public.thermocline_release(''export_history'')') \gset ignored_
select is(pg_temp.takes(1, 'export_history', 2), '1 of 2', 'and again when it was given back');
select is(pg_temp.takes(2, 'export_history', 1), '0 of 1', 'another user''s stays taken');
update thermocline.calls set window_start = window_start - interval '5 minutes' where function = 'export_history';
select is(pg_temp.takes(2, 'export_history', 1), '1 of 1', 'it runs out after five minutes');
select is(tests.trouble(1, 'select public.thermocline_release(''generate_insights'')'), null, 'what is counted');
select is((select n from thermocline.calls where user_id = tests.uid(1) and function = 'generate_insights'), 1, 'cannot be given back');

select matches(tests.trouble(1, 'select public.thermocline_take(''nope'')'), '^22023', 'a function without a limit cannot be taken');
select matches(tests.trouble(1, s), '^42501', format('a user may not: %s', s)) from unnest(array['delete from thermocline.calls', 'update thermocline.calls set n = 0',
  'select * from thermocline.calls', 'update thermocline.call_limits set n = 1000', 'select * from thermocline.call_limits']) s;
select throws_ok('set role anon; select public.thermocline_take(''generate_insights'')', '42501', null, 'nor may anon take');
reset role;
select * from finish();
