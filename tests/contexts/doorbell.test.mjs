// Of all the tabs of a browser one listens to the doorbell: the one in front, whatever became of the one that did before. A page
// that is left keeps nothing that would keep it out of the back/forward cache.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { until } from '../e2e/harness/until.mjs'
import { startSite } from './harness/site.mjs'

let site
before(async () => { site = await startSite() })
after(() => site.stop())

test('the tab in front listens; one that comes to the front takes over, from a frozen one and from a closed one too', async () => {
  const device = await listeningDevice()
  const first = await device.tab()
  await until('the first tab listens', () => listens(first))
  const second = await device.tab()
  await until('the second one took over', async () => (await listens(second)) && !(await listens(first)))
  const third = await device.tab()
  await until('the third one took over', async () => (await listens(third)) && !(await listens(second)))
  assert.equal(sockets(device), 1, 'three tabs, one socket')

  await first.page.bringToFront()
  await until('the first one is in front again', async () => (await listens(first)) && !(await listens(third)))
  await second.page.bringToFront()
  await until('the second one took over again', () => listens(second))
  await third.page.bringToFront()
  const thaw = await second.freeze()
  await until('the third one listens though the second was frozen', () => listens(third))
  await first.page.bringToFront()
  await until('the first one listens', () => listens(first))
  await thaw()
  await until('one socket', async () => sockets(device) === 1 && !(await listens(second)))

  await first.page.close()
  await third.page.bringToFront()
  await until('the third one listens after the first was closed', async () => (await listens(third)) && sockets(device) === 1)
  await device.leave()
})

test('a page that listens goes into the back/forward cache, and listens again when it comes back', async () => {
  const device = await listeningDevice()
  const tab = await device.tab()
  await until('it listens', () => listens(tab))
  await tab.page.evaluate(() => {
    window.isTheSame = true
    addEventListener('pageshow', ({ persisted }) => { window.persisted = persisted })
  })
  await tab.page.goto(`${site.server.url}/?another`)
  await until('nobody listens', () => sockets(device) === 0)
  await tab.page.evaluate(() => history.back())
  await until('the page is back', () => tab.page.evaluate(() => window.persisted && window.isTheSame).catch(() => false))
  await until('it listens again', () => listens(tab))
  await device.leave()
})

/** A browser whose pages listen, and tell how many sockets they have. */
async function listeningDevice() {
  const device = await site.device()
  device.more = { realtime: true }
  await device.context.addInitScript(() => {
    const all = []
    window.WebSocket = class extends WebSocket {
      constructor(...given) {
        super(...given)
        all.push(this)
      }
    }
    window.openSockets = () => all.filter(({ readyState }) => readyState === WebSocket.OPEN).length
  })
  return device
}

const listens = ({ page }) => page.evaluate(() => window.openSockets() === 1)
const sockets = (device) => site.server.realtime.sockets().filter(({ agent }) => agent === device.name).length
