-- RECIPES 5.4, P-X2: achievements only grow, in whatever order devices' changes arrive.
select plan(16);

create temp table said (n int, progress int, unlocked boolean, unlocked_date timestamptz);
insert into said values (1, 5, false, null), (2, 7, true, '2026-03-10T10:00Z'), (3, 7, true, '2026-03-10T09:00Z');
-- Sends the three states in an order, each as a device that was offline would: an insert of the derived id, or an edit without knowing the row.
create function pg_temp.after(op text, variadic numbers int[]) returns text language plpgsql volatile as $$
declare
  s pg_temp.said;
  key text := array_to_string(numbers, '') || op;
  row_id uuid := thermocline.natural_id('achievements', array[tests.uid(1)::text, array_to_string(numbers, '') || op]);
  told text := '';
  a jsonb;
  which int;
begin
  foreach which in array numbers loop
    select * into s from pg_temp.said d where d.n = which;
    a := tests.answer(1, tests.group('achievements', case when told = '' then 'ins' else op end, 'achievement_id progress unlocked unlocked_date', tests.m(1,
      jsonb_build_object('id', row_id, 'achievement_id', key, 'progress', s.progress, 'unlocked', s.unlocked, 'unlocked_date', s.unlocked_date))));
    told := told || (a ->> 0) || ' ';
  end loop;
  return told || (select format('%s %s %s', progress, unlocked, to_char(unlocked_date at time zone 'UTC', 'HH24:MI')) from public.achievements where id = row_id);
end $$;
select is(pg_temp.after(op, variadic o), 'applied merged merged 7 t 09:00', format('%s: %s', op, o))
  from unnest(array['ins', 'ups']) op, (values ('{1,2,3}'::int[]), ('{1,3,2}'), ('{2,1,3}'), ('{2,3,1}'), ('{3,1,2}'), ('{3,2,1}')) v(o);

-- directly
insert into achievements (user_id, achievement_id, progress, unlocked, unlocked_date) values (tests.uid(1), 'century', 100, true, '2026-03-10T09:00Z');
select _rev as rev, updated_at as was from achievements where achievement_id = 'century' \gset
update achievements set progress = 3, unlocked = false, unlocked_date = null where achievement_id = 'century';
select is((select format('%s %s', progress, unlocked) from achievements where achievement_id = 'century'), '100 t', 'it is neither lowered nor locked again');
select is((select to_char(unlocked_date at time zone 'UTC', 'HH24:MI') from achievements where achievement_id = 'century'), '09:00', 'nor does its date go');
select is((select _rev || ' ' || updated_at from achievements where achievement_id = 'century'), :'rev' || ' ' || :'was', 'an update that is grown back to nothing changes neither time nor revision');
delete from achievements where achievement_id = 'century';
insert into achievements (user_id, achievement_id, progress) values (tests.uid(1), 'century', 1);
select is((select progress from achievements where achievement_id = 'century'), 1, 'deleted and made again it starts anew');
select * from finish();
