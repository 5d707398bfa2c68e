-- Recipe path, what of the log is embedded: which rows, and by what text. Needs no extension.
--
-- Under settings.embed "selected": feedback rated 4 or more, journals with insights, sovereign entries of type Insight or Win;
-- under "all" every row. Invariant: the text depends on nothing that embedding itself changes (feedback's vectorized).

create function public.feedback_text(log public.sovereign_logs) returns text
  language sql stable set search_path = ''
as $$
  select concat_ws(E'\n', a.insightful_question,
      coalesce(case when log.metadata ->> 'hasCustomAnswer' = 'false' then a.synthesized_answer end, log.content))
    from (select case when m ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then m::uuid end as id
      from (select log.metadata ->> 'attunementId') q(m)) of
    left join public.daily_attunements a on a.id = of.id and a.user_id = log.user_id
$$;
comment on function public.feedback_text(public.sovereign_logs) is
  'Question and answer of the attunement that a feedback is about; the person''s own answer if there is one.';

create function public.log_embedding_text(log public.sovereign_logs, embed text) returns text
  language plpgsql stable set search_path = '' -- not sql: it is asked for each row of a log, and a plan is kept
as $$
declare
  wanted text;
begin
  case log.category
    when 'feedback' then
      if embed = 'all' or log.metadata -> 'userRating' >= '4' then
        wanted := public.feedback_text(log);
      end if;
    when 'journal' then
      if embed = 'all' or btrim(log.metadata ->> 'insights') <> '' then
        wanted := concat_ws(E'\n', log.content, log.metadata ->> 'insights');
      end if;
    when 'sovereign' then
      if embed = 'all' or log.metadata ->> 'entryType' in ('Insight', 'Win') then wanted := log.content; end if;
    else
      if embed = 'all' then wanted := log.content; end if;
  end case;
  return nullif(btrim(left(wanted, 8000), E' \t\r\n'), '');
end $$;
comment on function public.log_embedding_text(public.sovereign_logs, text) is
  'The text by which a log row is embedded, at most 8,000 characters; null: it is not selected, or has none.';

create function public.log_embed_setting() returns text
  language sql stable set search_path = ''
as $$
  select coalesce((select p.settings ->> 'embed' from public.sovereign_path_data p where p.user_id = (select auth.uid())), 'selected')
$$;
comment on function public.log_embed_setting() is 'Which of the caller''s log rows are embedded: selected or all.';

revoke execute on function public.feedback_text, public.log_embedding_text, public.log_embed_setting from public, anon, authenticated;
grant execute on function public.feedback_text, public.log_embedding_text, public.log_embed_setting to authenticated;
