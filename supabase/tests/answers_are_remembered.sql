-- Invariant 2, PITFALLS 9: every answer is stored under (owner, mutation id) and repeated, refusals and conflicts included.
select plan(14);

select tests.group('entries', 'ins', 'title', tests.m(1, jsonb_build_object('id', tests.id(1), 'title', 'one'))) as first \gset
select tests.push(1, :'first') as original \gset
select tests.push(1, :'first') as repeated \gset
select is((:'repeated'::jsonb) #> '{groups,0,0}', (:'original'::jsonb) #> '{groups,0,0}' || '["duplicate"]'::jsonb,
  'a repeated insert gets its first answer again, marked duplicate');
select is((:'repeated'::jsonb) -> 'xid', (:'original'::jsonb) -> 'xid', 'a repeated batch gets the xid of the original');
select is((select count(*) from entries), 1::bigint, 'and makes no second row');

-- The zombie: a refused insert is discarded on the device, and its request arrives once more when it would now succeed.
select tests.group('entries', 'ins', 'title slug', tests.m(1, jsonb_build_object('id', tests.id(2), 'title', 'x', 'slug', 's'))) as holder \gset
select tests.push(1, :'holder') \gset ignored_
select tests.group('entries', 'ins', 'title slug', tests.m(1, jsonb_build_object('id', tests.id(3), 'title', 'y', 'slug', 's'))) as zombie \gset
select is(tests.answer(1, :'zombie') ->> 0, 'rejected', 'an insert whose natural key is taken is refused');
delete from entries where id = tests.id(2);
select is(tests.answer(1, :'zombie') ->> 0, 'rejected', 'its repeat is refused too, though the obstacle is gone');
select is(tests.answer(1, :'zombie') ->> 3, 'duplicate', 'as a duplicate');
select is((select count(*) from entries where id = tests.id(3)), 0::bigint, 'and the discarded row does not rise again');

-- The same mutation id from another user is another mutation.
select tests.group('entries', 'ins', 'title', jsonb_set(:'first'::jsonb #> '{rows,0}', '{_u}', to_jsonb(tests.uid(2)))
  || jsonb_build_object('id', tests.id(4))) as foreign_id \gset
select is(tests.answer(2, :'foreign_id') ->> 0, 'applied', 'another user''s mutation id does not answer mine');
select is((select count(*) from thermocline.answers where mutation_id = ((:'first'::jsonb) #>> '{rows,0,_m}')::uuid), 2::bigint,
  'both answers are kept');

-- A mixed batch: what was answered stays, what is new is settled.
select tests.group('entries', 'ins', 'title', (:'first'::jsonb) #> '{rows,0}',
  tests.m(1, jsonb_build_object('id', tests.id(5), 'title', 'five'))) as mixed \gset
select tests.push(1, :'mixed') as mixed_answer \gset
select is(tests.outcomes(:'mixed_answer'), 'applied applied', 'a repeated and a new mutation share a batch');
select is((:'mixed_answer'::jsonb) #>> '{groups,0,0,3}', 'duplicate', 'only the repeated one is a duplicate');
select isnt((:'mixed_answer'::jsonb) ->> 'xid', null, 'and the new one''s xid is answered');

-- A conflict is remembered with its row.
select thermocline.enable('public.entries', 'user_id', 'ask', 'created_at');
select tests.group('entries', 'upd', 'title', tests.m(1, jsonb_build_object('id', tests.id(5), 'title', 'mine', '_b', '1', '_w', '{"title":"else"}'::jsonb))) as asked \gset
select tests.answer(1, :'asked') as conflict \gset
update entries set title = 'else' where id = tests.id(5);
select is((:'conflict'::jsonb) ->> 0, 'conflict', 'both sides changed the title');
select is(tests.answer(1, :'asked'), (:'conflict'::jsonb) || '["duplicate"]'::jsonb, 'the repeat gets the same conflict and the same row');
select * from finish();
