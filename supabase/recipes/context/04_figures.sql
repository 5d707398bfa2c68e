-- Recipe context: the figures of RECIPES 4.5, as the device works them out: exact numerics, compared exact, rounded only where shown.
--
-- Both read the caller's or the named user's snapshots and write nothing. Snapshots later than `until` are not counted: a wrong clock's.

create function thermocline.exact_mean(total numeric, n bigint) returns numeric
  language sql immutable -- inlined; names nothing outside pg_catalog
  as $$ select div(total * 1e22, n) $$;
comment on function thermocline.exact_mean(numeric, bigint) is
  'Something to compare means by: equal for equal means of any count, other than a quotient that was cut off somewhere.';

-- In plpgsql, which keeps the plan: the job asks for one day after the other.
create function thermocline.day_figures(uid uuid, day date, until timestamptz default now()) returns jsonb
  language plpgsql stable set search_path = ''
as $$
declare
  figures jsonb;
begin
  with readings as materialized (
    select s.id, s.recorded_at, s.focus_level as focus, s.energy_level as energy, s.mood_state as mood, s.activity_pattern as activity,
        extract(hour from (s.recorded_at at time zone 'UTC') + s.utc_offset_min * interval '1 minute')::int as hour,
        lag(s.focus_level) over w as focus_before, lag(s.recorded_at) over w as before
      from public.context_snapshots s
      where s.user_id = uid and s.recorded_at <= until
        -- local days lie within 14 hours of those in UTC
        and s.recorded_at >= (day::timestamp - interval '14 hours') at time zone 'UTC'
        and s.recorded_at < (day::timestamp + interval '38 hours') at time zone 'UTC'
        and ((s.recorded_at at time zone 'UTC') + s.utc_offset_min * interval '1 minute')::date = day
      window w as (order by s.recorded_at, s.id)),
  total as (
    select count(*) as n, sum(focus) as focus, sum(energy) as energy, sum(abs(focus - focus_before)) as moved from readings),
  hours as (select hour, count(*) as n, sum(focus) as focus, sum(energy) as energy from readings group by hour),
  activities as (select activity, count(*) as n, sum(focus) as focus, sum(energy) as energy from readings group by activity),
  peaks as (select hour, row_number() over (order by thermocline.exact_mean(focus, n) desc, hour) as place from hours),
  runs as (
    select recorded_at, focus, count(*) filter (where (focus_before >= 7 and recorded_at - before <= interval '30 minutes') is not true)
      over (order by recorded_at, id) as run from readings where focus >= 7)
  select jsonb_build_object(
      'total_contexts', t.n, 'avg_focus', round(t.focus / t.n, 2), 'avg_energy', round(t.energy / t.n, 2),
      'peak_hours', (select jsonb_agg(hour order by place) from peaks where place <= 3),
      'patterns', jsonb_build_object(
        'activities', (select jsonb_object_agg(activity, jsonb_build_object('count', n,
            'avg_focus', round(focus / n, 2), 'avg_energy', round(energy / n, 2))) from activities),
        'dominant_mood', (select mood from readings group by mood order by count(*) desc, mood collate "C" limit 1),
        'best_activity', (select activity from activities where n >= 2
          order by thermocline.exact_mean(focus, n) desc, n desc, activity collate "C" limit 1),
        'energy_dip_hour', (select h.hour from hours h where t.energy * h.n - h.energy * t.n >= 1.50 * t.n * h.n
          order by thermocline.exact_mean(h.energy, h.n), h.hour limit 1),
        'volatility', case when t.n >= 2 then jsonb_build_object('value', round(t.moved / (t.n - 1), 2),
          'label', case when t.moved < 1.00 * (t.n - 1) then 'steady' when t.moved < 2.50 * (t.n - 1) then 'variable' else 'erratic' end) end,
        'longest_focus_minutes', (select coalesce(max(minutes), 0) from (
          select floor(extract(epoch from max(recorded_at) - min(recorded_at)) / 60)::int as minutes from runs group by run) r)))
    into figures from total t where t.n > 0;
  return figures;
end $$;
comment on function thermocline.day_figures(uuid, date, timestamptz) is
  'A user''s figures of one local day, as columns and patterns of daily_insights; null if there is no snapshot.';

create function public.context_insights(hours int default 24, until timestamptz default now()) returns jsonb
  language plpgsql stable set search_path = '' set timezone = 'UTC'
as $$
declare
  answer jsonb;
begin
  if hours is null or hours not between 1 and 168 then
    raise exception using errcode = '22023', message = 'hours must be from 1 to 168';
  end if;
  with readings as materialized (
    select s.recorded_at, s.focus_level as focus, s.energy_level as energy, s.activity_pattern as activity,
        extract(hour from (s.recorded_at at time zone 'UTC') + s.utc_offset_min * interval '1 minute')::int as hour,
        row_number() over (order by s.recorded_at desc, s.id desc) as newest,
        row_number() over (order by s.recorded_at, s.id) as oldest
      from public.context_snapshots s
      where s.user_id = auth.uid() and s.recorded_at between until - hours * interval '1 hour' and until),
  total as (select count(*) as n, sum(focus) as focus, sum(energy) as energy, min(recorded_at) as first, max(recorded_at) as last from readings),
  ends as (
    select sum(r.focus) filter (where r.newest <= t.n / 4) as new, sum(r.focus) filter (where r.oldest <= t.n / 4) as old
      from readings r, total t)
  select jsonb_build_object('hours', hours, 'totalSamples', t.n,
      'avgFocus', coalesce(round(t.focus / nullif(t.n, 0), 2), 0), 'avgEnergy', coalesce(round(t.energy / nullif(t.n, 0), 2), 0),
      'trend', case when t.n < 4 then 'stable' when e.new * 10 > e.old * 11 then 'improving' when e.new * 10 < e.old * 9 then 'declining' else 'stable' end,
      'peakTime', (select hour from readings group by hour order by thermocline.exact_mean(sum(focus), count(*)) desc, hour limit 1),
      'timeRange', case when t.n > 0 then jsonb_build_object('start', t.first, 'end', t.last) end,
      'topActivity', (select jsonb_build_object('name', activity, 'count', count(*)) from readings
        group by activity order by count(*) desc, activity collate "C" limit 1),
      'coverage', 'complete')
    into answer from total t, ends e;
  return answer;
end $$;
comment on function public.context_insights(int, timestamptz) is
  'The caller''s figures of the last hours, 1 to 168, as getRecentInsights() gives them on the device.';

revoke execute on function thermocline.exact_mean(numeric, bigint), thermocline.day_figures(uuid, date, timestamptz),
  public.context_insights(int, timestamptz) from public, anon, authenticated, service_role;
grant execute on function thermocline.exact_mean(numeric, bigint), public.context_insights(int, timestamptz) to authenticated;
