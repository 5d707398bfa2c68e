-- Optional: the daily job of the recipes' shared part, where pg_cron is installed. Can be run again.
do $$
begin
  if exists (select from pg_catalog.pg_extension where extname = 'pg_cron') then
    perform cron.schedule('purge-sync-logs', '27 3 * * *', 'select public.purge_sync_logs()');
  else
    raise notice 'pg_cron is not installed: call purge_sync_logs() once a day by other means';
  end if;
end $$;
