-- Recipe path, search by meaning, and embedding step by step. Needs 06_embeddings_vector.sql; skipped where that was.
--
-- embed_entry (an Edge Function) asks log_to_embed(id) for a row's text and gives the vector to put_log_embedding(). Clients ask
-- logs_to_embed() for what is left to do, so that no queue of calls is needed. All are the caller's, under row-level security.

do $install$
declare
  place text;
  before constant text := current_setting('search_path');
begin
  if to_regclass('public.vector_embeddings') is null then
    raise notice 'there is no table vector_embeddings: the path recipe goes without search by meaning';
    return;
  end if;
  select n.nspname into place from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector';
  perform set_config('search_path', quote_ident(place), true);

  create function public.match_embeddings(query_embedding vector(384), match_threshold double precision default 0.7, match_count integer default 5)
    returns table (id uuid, content text, metadata jsonb, similarity double precision)
    language sql stable set search_path from current
  as $$
    select n.id, n.content, n.metadata, n.similarity
      from (
        select e.id, e.content, e.metadata, 1 - (e.embedding <=> query_embedding) as similarity
          from public.vector_embeddings e where e.user_id = (select auth.uid())
          -- "+ 0" keeps the HNSW index out: it yields the nearest of all users' rows, and though it may be told to go on
          -- (hnsw.iterative_scan) it can stop before the caller's come. So it is exact, over the caller's rows alone.
          order by (e.embedding <=> query_embedding) + 0 limit least(greatest(match_count, 1), 50)) n
      where n.similarity > match_threshold and n.similarity < 'Infinity' -- NaN, of a vector without length, is greater than all
      order by n.similarity desc, n.id
  $$;
  comment on function public.match_embeddings(vector, double precision, integer) is
    'The caller''s texts that are nearest in meaning, nearest first: similarity = 1 - cosine distance, strictly above the threshold; 1 to 50 rows.';
  perform set_config('search_path', before, true);

  create function public.logs_to_embed(max_rows integer default 100) returns table (id uuid)
    language sql stable set search_path = ''
  as $$
    select l.id
      from public.sovereign_logs l
      cross join lateral (select public.log_embedding_text(l, (select public.log_embed_setting())) as wanted) t
      left join public.vector_embeddings v on v.user_id = l.user_id and v.source_table = 'sovereign_logs' and v.source_id = l.id and v.part = 0
      where l.user_id = (select auth.uid()) and t.wanted is not null and v.content is distinct from t.wanted
      order by l.id limit least(greatest(max_rows, 1), 500)
  $$;
  comment on function public.logs_to_embed(integer) is
    'The caller''s log rows that ought to have a vector and have none, or one of an older text; by id, at most 500.';

  create function public.log_to_embed(log_id uuid) returns jsonb
    language sql stable set search_path = ''
  as $$
    select jsonb_build_object('text', public.log_embedding_text(l, public.log_embed_setting()), 'embedded', v.content, 'model', v.model)
      from public.sovereign_logs l
      left join public.vector_embeddings v on v.user_id = l.user_id and v.source_table = 'sovereign_logs' and v.source_id = l.id and v.part = 0
      where l.id = log_id and l.user_id = (select auth.uid())
  $$;
  comment on function public.log_to_embed(uuid) is
    'A log row''s text to embed (null: not selected), the text that is embedded and by which model; null if the caller has no such row.';

  execute format($function$
    create function public.put_log_embedding(log_id uuid, content text, embedding text, model text) returns boolean
      language plpgsql volatile set search_path = ''
    as $$
    declare
      me constant uuid := auth.uid();
      log public.sovereign_logs;
    begin
      -- As a push does: two calls for one row must not both insert.
      if not thermocline.lock_user(me) then
        raise exception using errcode = '55P03', message = 'a device of yours is pushing at the moment', hint = 'Try again in a second.';
      end if;
      select * into log from public.sovereign_logs l where l.id = log_id and l.user_id = me;
      if content is distinct from public.log_embedding_text(log, public.log_embed_setting()) then return false; end if;
      delete from public.vector_embeddings v where v.user_id = me and v.source_table = 'sovereign_logs' and v.source_id = log_id;
      if content is null then return true; end if;
      insert into public.vector_embeddings (id, content, embedding, metadata, source_table, source_id, model)
        values (thermocline.natural_id('vector_embeddings', array[me::text, 'sovereign_logs', log_id::text, '0']), content,
          embedding::%1$I.vector, jsonb_build_object('category', log.category, 'logId', log.id), 'sovereign_logs', log_id, model);
      update public.sovereign_logs l set metadata = l.metadata || '{"vectorized": true}'
        where l.id = log_id and l.category = 'feedback' and l.metadata -> 'vectorized' is distinct from 'true';
      return true;
    end $$
  $function$, place);
  comment on function public.put_log_embedding(uuid, text, text, text) is
    'Puts a vector in place of a log row''s old ones (content null: takes them away); false if the row''s text is no longer this one.';

  revoke execute on function public.match_embeddings, public.logs_to_embed, public.log_to_embed, public.put_log_embedding
    from public, anon, authenticated;
  grant execute on function public.match_embeddings, public.logs_to_embed, public.log_to_embed, public.put_log_embedding to authenticated;
end $install$;
