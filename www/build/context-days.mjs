// Turns two of vega-datasets into two months of a person's days: public/context-days.json. Same input, same file.
//
// github.csv has the hours in which someone made commits, and how many; seattle-weather.csv what the weather was on those days, and the
// hourly normals how warm such an hour is. Focus is the share of hours with fewer commits, energy the share of colder hours among them.
//
//   node build/context-days.mjs      (part of `npm run build` and `npm run dev`)

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const TARGET = fileURLToPath(new URL('../public/context-days.json', import.meta.url))
const DAYS = 60
const MOODS = { sun: 'happy', fog: 'calm', drizzle: 'neutral', rain: 'tired', snow: 'inspired' }
/** By commits within the hour. */
const ACTIVITIES = ['rest', 'communication', 'learning', 'deep_work']
const source = new URL('../data/', `file://${createRequire(import.meta.url).resolve('vega-datasets')}`)

function table(name) {
  const [head, ...lines] = readFileSync(new URL(name, source), 'utf8').trim().split('\n').map((line) => line.trim().split(','))
  return lines.map((line) => Object.fromEntries(head.map((column, place) => [column, line[place]])))
}

const hours = table('github.csv').map(({ time, count }) => ({ date: time.slice(0, 10).replaceAll('/', '-'), hour: Number(time.slice(11, 13)), commits: Number(count) }))
const weather = new Map(table('seattle-weather.csv').map((row) => [row.date, row.weather]))
const warmth = new Map(table('seattle-weather-hourly-normals.csv').map((row) => [row.date.slice(5, 13), Number(row.temperature)]))

const dates = [...new Set(hours.map(({ date }) => date))].sort().slice(-DAYS)
const chosen = hours.filter(({ date }) => date >= dates[0])
  .map((row) => ({ ...row, warmth: warmth.get(`${row.date.slice(5)}T${String(row.hour).padStart(2, '0')}`) ?? 0 }))

/** From 0 to 10: how many of them are lower, ties by half. */
const rank = (value, all) => all.reduce((sum, other) => sum + (other < value ? 1 : other === value ? 0.5 : 0), 0) / all.length * 10
const round = (value) => Math.round(value * 100) / 100
const last = Date.parse(dates.at(-1))
const rows = chosen.map(({ date, hour, commits, warmth: degrees }) => ({
  daysAgo: (last - Date.parse(date)) / 86_400_000,
  hour,
  focus: round(rank(commits, chosen.map((row) => row.commits))),
  energy: round(rank(degrees, chosen.map((row) => row.warmth))),
  mood: MOODS[weather.get(date)] ?? 'neutral',
  activity: ACTIVITIES[Math.min(commits, ACTIVITIES.length) - 1],
}))

mkdirSync(dirname(TARGET), { recursive: true })
writeFileSync(TARGET, JSON.stringify({ source: 'vega-datasets', licence: 'BSD-3-Clause', rows }))
