-- What the server sets in a recipe's rows, whatever a client sent.
--
--   create trigger notes_set_server_columns before insert or update on public.notes
--     for each row execute function public.set_server_columns('updated_at');
--
-- The arguments are the columns that the server sets: `inserted_at` to the time of the insert, `version` to at least one more than
-- it was (RECIPES C20), any other to the time of the change. Invariant: an update that changes nothing else changes none of them, so that
-- the row keeps its revision; therefore the trigger's name must sort before zz_thermocline_stamp. Can be run again.

create or replace function public.set_server_columns() returns trigger
  language plpgsql set search_path = ''
as $$
declare
  names constant text[] := tg_argv;
  given constant jsonb := to_jsonb(new);
  held jsonb := '{}';
begin
  if tg_op = 'UPDATE' then
    held := to_jsonb(old);
    -- The revision columns, if there, do not count.
    if given - '{_rev,_at}'::text[] - names is not distinct from held - '{_rev,_at}'::text[] - names then
      return jsonb_populate_record(new, (select jsonb_object_agg(c, held -> c) from unnest(names) c));
    end if;
  end if;
  return jsonb_populate_record(new, (select jsonb_object_agg(c, case
      when c = 'version' then to_jsonb(greatest((held ->> c)::numeric + 1, (given ->> c)::numeric, 1))
      when c = 'inserted_at' and tg_op = 'UPDATE' then held -> c
      else to_jsonb(now()) end) from unnest(names) c));
end $$;
comment on function public.set_server_columns() is
  'Sets the columns that are its arguments, whatever the client sent; an update that changes nothing else keeps them.';
revoke execute on function public.set_server_columns() from public, anon, authenticated;
