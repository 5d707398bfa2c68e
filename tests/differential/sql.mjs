// A filter as SQL, as PostgREST writes it: the column, PostgreSQL's operator, the literal as an unknown.

const OPERATORS = { eq: '=', neq: '<>', gt: '>', gte: '>=', lt: '<', lte: '<=', like: 'like', ilike: 'ilike', cs: '@>', cd: '<@', ov: '&&' }
const literal = (text) => `'${text.replaceAll("'", "''")}'`

/** `meta->a->>0` as SQL; an index is a number, a name is text. */
function field(column) {
  const [name, ...steps] = column.split(/(->>?)/)
  return steps.reduce((sql, step, n) => (n % 2 === 0 ? sql + step : sql + (/^\d+$/.test(step) ? step : literal(step))), name)
}

/** A condition, or a group of them. */
export function toSql(part) {
  const not = part.negated ? 'not ' : ''
  if (part.group) return `${not}(${part.parts.map(toSql).join(` ${part.group} `)})`
  return `${not}(${condition(part)})`
}

function condition({ column, operator, operand }) {
  const left = field(column)
  if (operator === 'is') return `${left} is ${operand}`
  // A list of one empty text is PostgREST's empty list.
  if (Array.isArray(operand) && operand.join() === '' && operand.length === 1) return `${left} = any('{}')`
  if (Array.isArray(operand)) return `${left} in (${operand.map(literal).join(', ')})`
  const text = operator.endsWith('like') ? operand.replaceAll('*', '%') : operand
  return `${left} ${OPERATORS[operator]} ${literal(text)}`
}
