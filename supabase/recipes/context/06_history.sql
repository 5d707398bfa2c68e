-- Recipe context: what export_history reads, page by page and as text, so that no number is changed on its way (RECIPES 4.7).

create function public.context_history(
  since timestamptz, until timestamptz, after_recorded_at timestamptz default '-infinity',
  after_id uuid default '00000000-0000-0000-0000-000000000000', max_rows int default 1000) returns jsonb
  language sql stable set search_path = '' set timezone = 'UTC'
as $$
  with page as materialized (
    select s.recorded_at, s.id, jsonb_build_object('kind', 'snapshot') || to_jsonb(s) - '{_rev,_at,user_id}'::text[] as line
      from public.context_snapshots s
      where s.user_id = auth.uid() and s.recorded_at >= since and s.recorded_at < until and (s.recorded_at, s.id) > (after_recorded_at, after_id)
      order by s.recorded_at, s.id limit least(max_rows, 1000))
  select jsonb_build_object('count', count(*), 'lines', coalesce(string_agg(line::text || e'\n', '' order by recorded_at, id), ''),
      'last', (select jsonb_build_object('after_recorded_at', recorded_at, 'after_id', id) from page order by recorded_at desc, id desc limit 1))
    from page
$$;
comment on function public.context_history(timestamptz, timestamptz, timestamptz, uuid, int) is
  'A page of the caller''s snapshots by (recorded_at, id) as JSON lines, and where the next one begins.';

create function public.context_history_days(since timestamptz, until timestamptz) returns jsonb
  language sql stable set search_path = '' set timezone = 'UTC'
as $$
  with days as materialized (
    select d.date, jsonb_build_object('kind', 'daily_insight') || to_jsonb(d) - '{_rev,_at,user_id}'::text[] as line
      from public.daily_insights d
      where d.user_id = auth.uid() and d.date >= since::date and d.date < until)
  select jsonb_build_object('snapshots', (select count(*) from public.context_snapshots s
        where s.user_id = auth.uid() and s.recorded_at >= since and s.recorded_at < until),
      'daily_insights', count(*), 'lines', coalesce(string_agg(line::text || e'\n', '' order by date), ''))
    from days
$$;
comment on function public.context_history_days(timestamptz, timestamptz) is
  'The caller''s daily insights as JSON lines, and how many there are of each kind; the days of a hundred years are 15 MB.';

revoke execute on function public.context_history(timestamptz, timestamptz, timestamptz, uuid, int),
  public.context_history_days(timestamptz, timestamptz) from public, anon, authenticated, service_role;
grant execute on function public.context_history(timestamptz, timestamptz, timestamptz, uuid, int),
  public.context_history_days(timestamptz, timestamptz) to authenticated;
