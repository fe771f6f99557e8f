import { type RawBuilder, sql } from 'kysely'
import type { DialectName } from './tables'

/** Types of columns that both dialects can read out of JSON. */
export type JsonColumnType = 'text' | 'bigint' | 'double precision'

/**
 * Many rows as one parameter: a table expression named `alias`, with the given columns. The statement's text stays
 * the same however many rows there are, which is much cheaper than a parameter for each value.
 */
export function jsonRows<C extends string>(
  dialect: DialectName,
  alias: string,
  columns: Readonly<Record<C, JsonColumnType>>,
  rows: readonly Readonly<Record<C, string | number | null>>[],
): RawBuilder<unknown> {
  const names = Object.keys(columns) as C[]
  if (dialect === 'postgres') {
    const typed = names.map((name) => sql`${sql.ref(name)} ${sql.raw(columns[name])}`)
    return sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS ${sql.ref(alias)} (${sql.join(typed)})`
  }
  // By place, not by name: SQLite searches a row's text anew for each value.
  const json = JSON.stringify(rows.map((row) => names.map((name) => row[name])))
  const picked = names.map((name, place) => sql`json_extract(value, ${sql.lit(`$[${place}]`)}) AS ${sql.ref(name)}`)
  return sql`(SELECT ${sql.join(picked)} FROM json_each(${json})) AS ${sql.ref(alias)}`
}

/** Any number of texts as one parameter, for the right side of IN. */
export function valueList(dialect: DialectName, values: readonly string[]): RawBuilder<string> {
  const json = JSON.stringify(values)
  return dialect === 'postgres'
    ? sql<string>`(SELECT jsonb_array_elements_text(${json}::jsonb))`
    : sql<string>`(SELECT value FROM json_each(${json}))`
}
