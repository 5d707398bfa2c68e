-- Recipe context: the job that writes daily_insights (RECIPES 4.7, C14). For the owner's scheduler; users may not call it.
--
-- It works off thermocline.insight_days: each noted day is worked out anew from all of its snapshots. Idempotent: figures that have not
-- changed leave the row as it is, with its time and revision. Invariant: a day is noted again if any of its snapshots is still ahead
-- of the server's clock, so that it is counted when its time has come.

create function thermocline.write_day(uid uuid, day date, figures jsonb) returns void
  language plpgsql volatile set search_path = ''
as $$
declare
  f public.daily_insights := jsonb_populate_record(null::public.daily_insights, figures);
begin
  if figures is null then
    delete from public.daily_insights where user_id = uid and date = day;
    return;
  end if;
  update public.daily_insights d set avg_focus = f.avg_focus, avg_energy = f.avg_energy, peak_hours = f.peak_hours,
      total_contexts = f.total_contexts, patterns = f.patterns
    where user_id = uid and date = day and (d.avg_focus, d.avg_energy, d.peak_hours, d.total_contexts, d.patterns)
      is distinct from (f.avg_focus, f.avg_energy, f.peak_hours, f.total_contexts, f.patterns);
  if found or exists (select from public.daily_insights where user_id = uid and date = day) then return; end if;
  insert into public.daily_insights (id, user_id, date, avg_focus, avg_energy, peak_hours, total_contexts, patterns)
    values (thermocline.natural_id('daily_insights', array[uid::text, to_char(day, 'YYYY-MM-DD')]), uid, day,
      f.avg_focus, f.avg_energy, f.peak_hours, f.total_contexts, f.patterns);
exception when foreign_key_violation then
  null; -- the account was deleted meanwhile
end $$;
comment on function thermocline.write_day(uuid, date, jsonb) is 'Puts a day''s figures in its row; without figures the row goes.';

create function public.generate_daily_insights(max_days int default 100000) returns bigint
  language plpgsql volatile set search_path = ''
as $$
declare
  noted record;
  done bigint := 0;
begin
  -- A second job at the same time might overwrite newer figures with older ones.
  if not pg_try_advisory_xact_lock(7355610) then return 0; end if;
  -- The notes go first: whatever is committed after that is noted anew.
  for noted in
    with days as materialized (
      select user_id, date from thermocline.insight_days group by user_id, date order by min(noted_at), user_id, date limit max_days),
    taken as (delete from thermocline.insight_days i using days d where i.user_id = d.user_id and i.date = d.date)
    select user_id, date from days
  loop
    perform thermocline.write_day(noted.user_id, noted.date, thermocline.day_figures(noted.user_id, noted.date));
    insert into thermocline.insight_days (user_id, date)
      select noted.user_id, noted.date where exists (select from public.context_snapshots s where s.user_id = noted.user_id
        and s.recorded_at > now() and thermocline.local_day(s.recorded_at, s.utc_offset_min) = noted.date);
    done := done + 1;
  end loop;
  return done;
end $$;
comment on function public.generate_daily_insights(int) is
  'Works out the noted local days of all users, the longest noted first, and answers how many. A daily job; not for clients.';
revoke execute on function thermocline.write_day(uuid, date, jsonb), public.generate_daily_insights(int) from public, anon, authenticated, service_role;
