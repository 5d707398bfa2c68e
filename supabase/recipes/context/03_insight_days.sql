-- Recipe context: which days' figures have to be worked out (anew).
--
-- Every insert, update and delete of snapshots notes the local days that it touched, old and new: late uploads, moves, deletions and
-- all time zones end up right (RECIPES C14). Notes are only ever added, so writers neither wait for each other nor for the job; the job takes
-- the notes that it sees and leaves those of transactions which have not committed yet to its next run.

create function thermocline.local_day(instant timestamptz, utc_offset_min int) returns date
  language sql immutable -- inlined
  as $$ select ((instant at time zone 'UTC') + utc_offset_min * interval '1 minute')::date $$;
comment on function thermocline.local_day(timestamptz, int) is 'The civil day of an instant at an offset in minutes.';

create table thermocline.insight_days (
  user_id uuid not null,
  date date not null,
  noted_at timestamptz not null default now(),
  constraint insight_days_user_id_fkey foreign key (user_id) references auth.users (id) on delete cascade
);
comment on table thermocline.insight_days is 'Local days whose snapshots have changed since generate_daily_insights() last looked; a day may be noted more than once.';
create index insight_days_user_id_date_idx on thermocline.insight_days (user_id, date);
alter table thermocline.insight_days enable row level security;
revoke all on thermocline.insight_days from public, anon, authenticated, service_role;

-- Security definer: no client may write notes. It notes the days of the rows that it was fired for, and takes no argument from a user.
-- A user whose account is being deleted is gone already when their rows go.
create function thermocline.note_insight_days() returns trigger
  language plpgsql security definer set search_path = ''
as $$
declare
  days jsonb := '[]';
begin
  if tg_op <> 'DELETE' then
    select days || coalesce(jsonb_agg(distinct jsonb_build_array(user_id, thermocline.local_day(recorded_at, utc_offset_min))), '[]') into days from made;
  end if;
  if tg_op <> 'INSERT' then
    select days || coalesce(jsonb_agg(distinct jsonb_build_array(user_id, thermocline.local_day(recorded_at, utc_offset_min))), '[]') into days from gone;
  end if;
  insert into thermocline.insight_days (user_id, date)
    select distinct u.id, (d ->> 1)::date from jsonb_array_elements(days) d join auth.users u on u.id = (d ->> 0)::uuid;
  return null;
end $$;
comment on function thermocline.note_insight_days() is 'Notes the local days of the snapshots that a statement made, changed or removed.';
revoke execute on function thermocline.local_day(timestamptz, int), thermocline.note_insight_days() from public, anon, authenticated;

create trigger context_snapshots_note_made after insert on public.context_snapshots
  referencing new table as made for each statement execute function thermocline.note_insight_days();
create trigger context_snapshots_note_changed after update on public.context_snapshots
  referencing old table as gone new table as made for each statement execute function thermocline.note_insight_days();
create trigger context_snapshots_note_gone after delete on public.context_snapshots
  referencing old table as gone for each statement execute function thermocline.note_insight_days();
