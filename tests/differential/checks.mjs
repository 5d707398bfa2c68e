// Conditions as an app's migrations would write them, over the columns of `samples`.

export const EXPRESSIONS = [
  // Sets, ranges, lengths.
  `kind in ('plain', 'odd')`, `kind not in ('plain', 'odd')`, `n between 1 and 10`, `n not between 1 and 10`, `small >= 0 and small < 3`, `big > 0`, `n in (1, 2, null)`,
  `price >= 0`, `price between 0 and 99999.99`, `exact <= 1`, `exact <> 'NaN'`, `exact between -1000000 and 1000000`, `ratio >= 0 and ratio <= 1.5`, `ratio <> 'NaN'`,
  `ratio is null or ratio < 0.5`, `length(title) between 1 and 5`, `char_length(note) <= 100`, `octet_length(title) <= 6`, `length(kind) > 3 and length(code) <= 4`,
  // Texts.
  `btrim(title) <> ''`, `title = trim(title)`, `trim(both 'a' from title) <> title`, `trim(leading from title) = title`, `rtrim(title, ' e') = title`, `lower(code) = code`,
  `upper(title) = title`, `code < 'b'`, `code >= 'A' and code < 'a'`, `title <> code`, `title collate "C" < 'a'`, `title > 'a'`, `position('e' in title) > 0`, `strpos(title, ' ') = 0`,
  `starts_with(title, 'a')`, `title like '%e%'`, `title not like 'a_p%'`, `code like '%\\_%'`, `code ilike 'A%'`,
  // Regular expressions.
  `code ~ '^[a-z0-9-]+$'`, `code !~ '^[A-Z]'`, `title ~* '^(apple|zebra)$'`, `title ~ '^.{1,5}$'`, `title ~ '^[^a-z]*$'`, `code ~ '\\d'`, `code ~ '^\\w+$'`, `title ~ ' |,|\\.'`, `title ~ '[[:upper:]]'`,
  `title ~ '^(a|b)*p+l?e$'`, `code ~ '^[[:alnum:]_]+$'`, `title !~* 'e.*e'`, `code ~ '^\\S+$'`, `title ~ '\\mitem'`, `title ~ '^[A-Za-z]+( [0-9]+)?$'`,
  // Logic.
  `done`, `not done`, `done is true or n is null`, `done is not true`, `(n > 1) is unknown`, `n is not null and (price is null or price > 1)`, `not (n > 1 and small > 1)`,
  `n is distinct from small`, `code is not distinct from kind`, `case when done then n > 1 when n is null then true else price > 0 end`,
  `case kind when 'plain' then n is not null when 'odd' then small is not null else true end`, `coalesce(note, title) <> ''`, `coalesce(n, small, 0) > 0`,
  `num_nonnulls(n, small, big) >= 2`, `num_nulls(note, code) = 0`, `(kind = 'plain') = (n > 1)`, `done or (n / 0) > 1`,
  // Numbers.
  `n + 1 > small * 2`, `n % 2 = 0`, `n / 2 >= 1`, `-n < 5`, `abs(n) < 10`, `price * 2 > 3`, `price - exact > 0`, `price % 1 = 0`, `price / 2 > 0.5`, `exact + 0.1 > 0.2`, `n > price`, `small::numeric = price`,
  `price::int > 1`, `n::double precision < ratio`, `big + 1 > 0`, `small > n`, `price::numeric(6,1) = price`, `round(price) = price`, `n::text = '42'`, `note::int > 1`,
  // Moments.
  `extract(isodow from day) = 1`, `extract(dow from day) in (0, 6)`, `date_part('year', day) >= 2000`, `extract(month from moment) = 2`, `extract(hour from (at at time zone 'UTC')) < 12`,
  `extract(doy from day) > 100`, `extract(quarter from day) = 4`, `extract(week from day) < 10`, `extract(day from day) <> 31 and extract(minute from moment) = 0`,
  `day >= '2000-01-01'`, `day + 30 > date '2025-12-31'`, `day - date '2025-01-01' between 0 and 400`, `at < '2025-01-01 00:00+00'`, `at > made_at`, `moment >= day`, `moment::date = day`,
  `day::timestamp < moment`, `clock between '09:00' and '17:00'`, `(at at time zone 'utc')::date > date '2024-12-31'`, `extract(epoch from at) > 0`, `at > now()`, `at + interval '1 day' > made_at`,
  // jsonb and arrays.
  `jsonb_typeof(meta) = 'object'`, `meta ? 'mood'`, `meta ?& array['mood', 'who']`, `meta ?| array['who', 'two']`, `not meta ? 'who' or jsonb_typeof(meta -> 'who') in ('string', 'null')`,
  `meta ->> 'who' = 'Ann'`, `jsonb_typeof(meta -> 'mood') <> 'number' or (meta ->> 'mood')::numeric between 0 and 7`, `(meta -> 'mood')::int < 6`, `meta -> 'a' -> 'b' ->> 0 = '1'`,
  `meta @> '{"mood": 5.0}'`, `meta <@ '{"mood": 10, "who": "Ann", "x": 1}'`, `meta = '{}'`, `meta <> '{"bb": 1, "ccc": 3, "a": 2.0}'`, `meta - 'mood' - 'who' = '{}'`, `octet_length(meta::text) <= 20`,
  `meta #>> '{a,b,0}' = '1'`, `jsonb_array_length(meta) = 3`, `jsonb_typeof(meta) <> 'array' or jsonb_array_length(meta) > 0`, `meta -> 'who' is null`, `meta -> 1 ->> 0 is null`, `coalesce(meta ->> 'who', 'Ann') in ('Ann', 'Bob, Jr.')`,
  `meta -> 'mood' >= '0' and meta -> 'mood' <= '7'`, `meta -> 'mood' < '"a"'`, `meta < '5'`, `meta >= 'true'`, `meta > '"text"'`, `title !~ '[[:space:]]'`, `code ~ '^[[:alpha:]_-]+$'`, `code !~ '[[:cntrl:][:upper:]]|^[-#]|--'`,
  `pg_column_size(meta) < 20`, `(meta -> 'mood') = '5'`,
  `cardinality(labels) <= 1`, `array_length(labels, 1) = 2`, `array_length(labels, 1) is null`, `labels <@ array['a', 'b']`, `labels @> '{a}'`, `labels && array['é', 'b']`, `'a' = any (labels)`, `'a' <> all (labels)`,
  `labels <> '{}'`, `labels = array['a', 'b']`, `kind = any (labels)`, `array_position(labels, null) is null`,
]
