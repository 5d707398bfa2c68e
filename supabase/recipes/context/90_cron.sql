-- Optional: the daily job of the recipe context, where pg_cron is installed.
do $$
begin
  if exists (select from pg_catalog.pg_extension where extname = 'pg_cron') then
    perform cron.schedule('generate-daily-insights', '15 0 * * *', 'select public.generate_daily_insights()');
  else
    raise notice 'pg_cron is not installed: call generate_daily_insights() once a day by other means';
  end if;
end $$;
