-- Deleting one's account: the auth user goes, and with it, by cascades, every row of the recipes; then what no cascade reaches: rows of
-- other synced tables, tombstones and remembered answers (which may hold rows). Can be run again.

-- Security definer: users may not delete from auth.users. It takes no argument and acts on auth.uid() alone.
create or replace function public.delete_my_account() returns void
  language plpgsql volatile security definer set search_path = ''
as $$
declare
  me constant uuid := auth.uid();
  objects bigint := 0;
  t thermocline.tables;
begin
  if me is null then raise exception using errcode = '42501', message = 'sign in to delete your account'; end if;
  if to_regclass('storage.objects') is not null then
    execute 'select count(*) from storage.objects where starts_with(name, $1)' into objects using format('users/%s/', me);
  end if;
  if objects > 0 then
    raise exception using errcode = '55000', message = format('%s stored objects are left under users/%s/', objects, me),
      hint = 'Delete them by the storage API first: the database cannot.';
  end if;
  if not thermocline.lock_user(me) then
    raise exception using errcode = '55P03', message = 'a device of yours is pushing at the moment', hint = 'Try again in a second.';
  end if;
  delete from auth.users where id = me;
  for t in select * from thermocline.tables where owner_col is not null loop
    execute format('delete from %s where %I = $1', t.relation, t.owner_col) using me;
  end loop;
  delete from thermocline.tombstones where owner = me;
  delete from thermocline.answers where owner = me;
end $$;
comment on function public.delete_my_account() is
  'Deletes the caller''s account with all rows; refuses (55000) while stored objects of theirs remain. The device signs out afterwards.';
revoke execute on function public.delete_my_account() from public, anon, authenticated, service_role;
grant execute on function public.delete_my_account() to authenticated;
