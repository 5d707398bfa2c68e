-- The API: the five functions that clients call through PostgREST, and who may call what.
--
-- Supabase's default privileges give anon and authenticated everything, so all is revoked first and what the code needs is
-- granted by name: a function that is not in the lists below can be called by the owner only. The arguments have the names
-- of the JSON body's keys.

create function public.thermocline_pull(
  v int, client text default null, tables jsonb default null, round text default null,
  max_rows int default 1000, own_xids jsonb default '[]') returns jsonb
  language sql stable set search_path = ''
  as $$ select thermocline.pull($1, $2, thermocline.unwrap($3), $4, $5, thermocline.unwrap($6)) $$;
comment on function public.thermocline_pull(int, text, jsonb, text, int, jsonb) is
  'Thermocline: one page of what changed for the caller since each table''s cursor.';

create function public.thermocline_push(v int, client text default null, batch jsonb default null) returns jsonb
  language sql volatile set search_path = ''
  as $$ select thermocline.push($1, $2, thermocline.unwrap($3)) $$;
comment on function public.thermocline_push(int, text, jsonb) is 'Thermocline: applies a batch of mutations, each exactly once, and answers each.';

create function public.thermocline_schema(v int, tables jsonb default null) returns jsonb
  language sql stable set search_path = ''
  as $$ select thermocline.definitions($1, thermocline.unwrap($2)) $$;
comment on function public.thermocline_schema(int, jsonb) is 'Thermocline: definitions of the synced tables.';

create function public.thermocline_audit(v int, client text default null, tables jsonb default null) returns jsonb
  language sql stable set search_path = ''
  as $$ select thermocline.audit($1, $2, thermocline.unwrap($3)) $$;
comment on function public.thermocline_audit(int, text, jsonb) is
  'Thermocline: what the caller''s device ought to hold of the tables at their cursors, as counts and hashes of 256 buckets.';

create function public.thermocline_bucket(
  v int, client text default null, t text default null, since text default null, buckets jsonb default null) returns jsonb
  language sql stable set search_path = ''
  as $$ select thermocline.bucket($1, $2, $3, $4, thermocline.unwrap($5)) $$;
comment on function public.thermocline_bucket(int, text, text, text, jsonb) is
  'Thermocline: every row that the caller sees in some of a table''s buckets.';

revoke execute on function public.thermocline_pull(int, text, jsonb, text, int, jsonb),
  public.thermocline_push(int, text, jsonb), public.thermocline_schema(int, jsonb), public.thermocline_audit(int, text, jsonb),
  public.thermocline_bucket(int, text, text, text, jsonb) from public, anon, authenticated;
revoke execute on all functions in schema thermocline from public, anon, authenticated;
revoke all on all sequences in schema thermocline from public, anon, authenticated;

grant execute on function public.thermocline_pull(int, text, jsonb, text, int, jsonb), public.thermocline_push(int, text, jsonb),
  public.thermocline_audit(int, text, jsonb), public.thermocline_bucket(int, text, text, text, jsonb) to authenticated, service_role;
grant execute on function public.thermocline_schema(int, jsonb) to anon, authenticated, service_role;

grant execute on function thermocline.unwrap(jsonb), thermocline.refuse(text), thermocline.definitions(int, jsonb),
  thermocline.columns_of(regclass), thermocline.uniques_of(regclass), thermocline.indexes_of(regclass),
  thermocline.columns_set_by(pg_catalog.pg_trigger), thermocline.checks_of(regclass),
  thermocline.foreign_keys_of(regclass), thermocline.column_names(oid, smallint[]), thermocline.key_columns(pg_catalog.pg_index), thermocline.collation_name(oid),
  thermocline.locale_name(text, text, text) to anon, authenticated, service_role;

grant execute on function thermocline.epoch(), thermocline.snapshot_text(pg_snapshot),
  thermocline.cursor_trouble(text, text, pg_snapshot), thermocline.wanted_tables(jsonb),
  thermocline.page(thermocline.tables, text, text, bigint, timestamptz, bigint[], int, bigint),
  thermocline.pull(int, text, jsonb, text, int, jsonb) to authenticated, service_role;

grant execute on function thermocline.key_text(thermocline.tables, boolean), thermocline.rows_within(thermocline.tables, timestamptz),
  thermocline.audit_table(thermocline.tables, text, timestamptz), thermocline.audit(int, text, jsonb),
  thermocline.bucket_rows(thermocline.tables, timestamptz, text[]), thermocline.bucket(int, text, text, text, jsonb)
  to authenticated, service_role;

grant execute on function thermocline.now_us(), thermocline.stamp_of(jsonb, text, bigint), thermocline.latest(jsonb, bigint),
  thermocline.is_current(bigint, bigint, bigint), thermocline.decide(text, text[], jsonb, jsonb, jsonb, boolean, bigint),
  thermocline.decide_delete(text, jsonb, jsonb, boolean, bigint), thermocline.shown(jsonb),
  thermocline.set_otherwise(text, text), thermocline.refusal(text, text, jsonb),
  thermocline.same_key(thermocline.tables, text, text), thermocline.settle_inserts(thermocline.tables, text[], jsonb),
  thermocline.settle_kept(thermocline.tables, jsonb), thermocline.settle_updates(thermocline.tables, text, text[], jsonb, bigint),
  thermocline.settle_deletes(thermocline.tables, jsonb, bigint),
  thermocline.settle(thermocline.tables, text, boolean, text[], jsonb, bigint) to authenticated, service_role;

grant execute on function thermocline.lock_user(uuid), thermocline.check_batch(jsonb),
  thermocline.refers(thermocline.tables, jsonb, jsonb), thermocline.refuses_itself(thermocline.tables, jsonb),
  thermocline.row_in_the_way(thermocline.tables, text, jsonb), thermocline.chosen_policy(thermocline.tables), thermocline.unfit(thermocline.tables, text, text[]),
  thermocline.already(thermocline.tables, jsonb, jsonb, jsonb), thermocline.not_applied(text, text, jsonb, jsonb),
  thermocline.push_piece(thermocline.tables, text, boolean, text[], jsonb, bigint),
  thermocline.push_group(jsonb, jsonb, bigint, jsonb), thermocline.known_answers(jsonb),
  thermocline.remember(jsonb, jsonb, text, text), thermocline.ring(text), thermocline.push(int, text, jsonb)
  to authenticated, service_role;

grant execute on function thermocline.sha1(bytea), thermocline.natural_id(text, text[]) to authenticated, service_role;

-- Where Realtime exists: a user may listen to their own doorbell, which thermocline.ring() rings.
do $$
begin
  if to_regclass('realtime.messages') is not null and to_regprocedure('realtime.topic()') is not null then
    create policy thermocline_doorbell_is_heard_by_owner on realtime.messages for select to authenticated
      using (realtime.topic() = 'thermocline:' || (select auth.uid()));
  end if;
exception when insufficient_privilege then
  raise warning 'realtime.messages belongs to another role: create policy thermocline_doorbell_is_heard_by_owner there by hand';
end $$;

notify pgrst, 'reload schema';
