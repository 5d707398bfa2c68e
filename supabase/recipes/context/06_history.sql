-- Recipe context: what export_history reads, page by page and as text, so that no number is changed on its way (RECIPES 4.7).

create function thermocline.in_days(recorded_at timestamptz, utc_offset_min int, first_day date, last_day date) returns boolean
  language sql immutable -- inlined, so that the index on (user_id, recorded_at) serves; local days lie within 14 hours of those in UTC
as $$
  select recorded_at >= (first_day::timestamp - interval '14 hours') at time zone 'UTC'
    and recorded_at < (last_day::timestamp + interval '38 hours') at time zone 'UTC'
    and ((recorded_at at time zone 'UTC') + utc_offset_min * interval '1 minute')::date between first_day and last_day
$$;
comment on function thermocline.in_days(timestamptz, int, date, date) is 'Whether an instant''s local day is one of these, both included.';

create function public.context_history(
  first_day date, last_day date, after_recorded_at timestamptz default '-infinity',
  after_id uuid default '00000000-0000-0000-0000-000000000000', max_rows int default 1000) returns jsonb
  language sql stable set search_path = '' set timezone = 'UTC'
as $$
  with page as materialized (
    select s.recorded_at, s.id, jsonb_build_object('kind', 'snapshot') || to_jsonb(s) - '{_rev,_at,user_id}'::text[] as line
      from public.context_snapshots s
      where s.user_id = auth.uid() and thermocline.in_days(s.recorded_at, s.utc_offset_min, first_day, last_day)
        and (s.recorded_at, s.id) > (after_recorded_at, after_id)
      order by s.recorded_at, s.id limit least(max_rows, 1000))
  select jsonb_build_object('count', count(*), 'lines', coalesce(string_agg(line::text || e'\n', '' order by recorded_at, id), ''),
      'last', (select jsonb_build_object('after_recorded_at', recorded_at, 'after_id', id) from page order by recorded_at desc, id desc limit 1))
    from page
$$;
comment on function public.context_history(date, date, timestamptz, uuid, int) is
  'A page of the caller''s snapshots of some local days, by (recorded_at, id), as JSON lines, and where the next one begins.';

create function public.context_history_days(first_day date, last_day date) returns jsonb
  language sql stable set search_path = '' set timezone = 'UTC'
as $$
  with days as materialized (
    select d.date, jsonb_build_object('kind', 'daily_insight') || to_jsonb(d) - '{_rev,_at,user_id}'::text[] as line
      from public.daily_insights d where d.user_id = auth.uid() and d.date between first_day and last_day)
  select jsonb_build_object('snapshots', (select count(*) from public.context_snapshots s
        where s.user_id = auth.uid() and thermocline.in_days(s.recorded_at, s.utc_offset_min, first_day, last_day)),
      'daily_insights', count(*), 'lines', coalesce(string_agg(line::text || e'\n', '' order by date), ''))
    from days
$$;
comment on function public.context_history_days(date, date) is
  'The caller''s daily insights as JSON lines, and how many there are of each kind; the days of a hundred years are 15 MB.';

revoke execute on function thermocline.in_days(timestamptz, int, date, date), public.context_history(date, date, timestamptz, uuid, int),
  public.context_history_days(date, date) from public, anon, authenticated, service_role;
grant execute on function thermocline.in_days(timestamptz, int, date, date), public.context_history(date, date, timestamptz, uuid, int),
  public.context_history_days(date, date) to authenticated;
