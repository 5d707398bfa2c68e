// The doorbell in a page that is made of fakes: what becomes of socket and place when the page is hidden, left, frozen and closed,
// and what the engine hears of it.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { watchDoorbell } from '../../pkg/dist/doorbell.js'

const OPTIONS = { url: 'https://abc.example.co', key: 'sb_publishable_x', tables: ['entries', 'projects'] }
const STATUS = { state: 'idle', user: 'u1', synced: ['entries', 'projects'], error: null }
const TOPIC = 'realtime:thermocline:u1'
const token = (user, n = 0) => `e30.${Buffer.from(JSON.stringify({ sub: user, exp: 9e9, n })).toString('base64url')}.x`

let page
beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1e12 })
  page = makePage()
})
afterEach(() => {
  page.doorbell?.stop()
  mock.timers.reset()
})

test('a page in front joins its user\'s channel, rings, and rings again a little later', async () => {
  await page.opens()
  const socket = await page.joined()
  assert.equal(socket.url, 'wss://abc.example.co/realtime/v1/websocket?apikey=sb_publishable_x&vsn=2.0.0')
  const [, , topic, , { config }] = JSON.parse(socket.sent[0])
  assert.equal(topic, TOPIC)
  assert.deepEqual(config.postgres_changes.map(({ table }) => table), ['entries', 'projects'])
  assert.deepEqual(page.pokes, [undefined])
  mock.timers.tick(5_000)
  assert.deepEqual(page.pokes, [undefined, undefined])
})

test('the tables that are synced are listened to, and a change of them joins anew', async () => {
  await page.opens({ ...STATUS, synced: ['entries'] })
  const first = await page.joined()
  assert.equal(JSON.parse(first.sent[0])[4].config.postgres_changes.length, 1)
  page.doorbell.follow({ ...STATUS, synced: ['entries', 'projects'] })
  const second = await page.joined()
  assert.equal(first.readyState, 3)
  assert.equal(JSON.parse(second.sent[0])[4].config.postgres_changes.length, 2)
})

test('a burst is passed on at once and once after a moment', async () => {
  await page.opens()
  const socket = await page.joined()
  mock.timers.tick(1_000)
  page.pokes.length = 0
  for (let n = 0; n < 300; n += 1) socket.says('broadcast', { event: 'changed', payload: { xid: '7' } })
  assert.deepEqual(page.pokes, ['7'])
  for (let n = 0; n < 300; n += 1) socket.says('postgres_changes', { data: {} })
  assert.deepEqual(page.pokes, ['7'])
  mock.timers.tick(200)
  assert.deepEqual(page.pokes, ['7', undefined])
})

test('a hidden page listens on for half a minute, then lets go; in front it listens again', async () => {
  await page.opens()
  const socket = await page.joined()
  page.show(false)
  mock.timers.tick(29_000)
  await page.settle()
  assert.equal(socket.readyState, 1)
  page.show(true)
  await page.settle()
  mock.timers.tick(29_000)
  await page.settle()
  assert.equal(socket.readyState, 1, 'it came back in time')
  page.show(false)
  mock.timers.tick(31_000)
  await page.settle()
  assert.deepEqual([socket.readyState, page.locks.holder], [3, undefined])
  page.show(true)
  await page.joined()
})

for (const [what, go] of [['left', () => page.window.dispatchEvent(new Event('pagehide'))], ['frozen', () => page.document.dispatchEvent(new Event('freeze'))]]) {
  test(`a page that is ${what} lets go of socket and place at once`, async () => {
    await page.opens()
    const socket = await page.joined()
    go()
    await page.settle()
    assert.deepEqual([socket.readyState, page.locks.holder], [3, undefined])
    mock.timers.tick(600_000)
    await page.settle()
    assert.equal(page.sockets.length, 1)
  })
}

test('a page whose place is taken is silent, and takes it again after the thief if it is still in front', async () => {
  await page.opens()
  const socket = await page.joined()
  const release = page.locks.steal()
  await page.settle()
  assert.equal(socket.readyState, 3)
  socket.says('broadcast', { event: 'changed', payload: { xid: '9' } })
  assert.ok(!page.pokes.includes('9'), 'a former socket is not heard')
  mock.timers.tick(600_000)
  await page.settle()
  assert.equal(page.sockets.length, 1)
  release()
  await page.joined()

  page.show(false)
  const again = page.locks.steal()
  await page.settle()
  again()
  await page.settle()
  assert.equal(page.locks.holder, undefined, 'a hidden page does not want it back')
})

test('with the publishable key, or another user\'s token, nothing is opened (PITFALLS 20)', async () => {
  for (const wrong of ['sb_publishable_x', token('u2')]) {
    page.token = wrong
    await page.opens()
    for (let n = 0; n < 5; n += 1) {
      mock.timers.tick(60_000)
      await page.settle()
    }
    assert.equal(page.sockets.length, 0)
    page.doorbell.stop()
  }
  page.token = token('u1')
  await page.opens({ ...STATUS, error: { code: 'unauthorized', message: '' } })
  page.doorbell.follow(STATUS)
  await page.joined()
})

test('a session that was refreshed anywhere is told to the server by the next heartbeat', async () => {
  await page.opens()
  const socket = await page.joined()
  page.token = token('u1', 2)
  mock.timers.tick(25_000)
  await page.settle()
  assert.deepEqual(socket.sent.slice(1).map((text) => JSON.parse(text)[3]), ['heartbeat', 'access_token'])
  assert.equal(JSON.parse(socket.sent.at(-1))[4].access_token, page.token)
})

test('a clock that is set back holds no try up', async () => {
  page.forbidden = true
  await page.opens()
  await page.settle()
  page.forbidden = false
  const now = mock.method(Date, 'now', () => 1e12 - 3_600_000)
  mock.timers.tick(2_000)
  await page.settle()
  assert.equal(page.sockets.length, 1)
  now.mock.restore()
})

test('what the engine says after it was closed is not followed', async () => {
  await page.opens({ ...STATUS, user: null })
  page.doorbell.stop()
  page.doorbell.follow(STATUS)
  await page.settle()
  assert.deepEqual([page.sockets.length, page.locks.holder], [0, undefined])
})

test('where sockets are forbidden nothing is thrown, and tries are minutes apart', async () => {
  page.forbidden = true
  await page.opens()
  for (let n = 0; n < 120; n += 1) {
    mock.timers.tick(60_000)
    await page.settle()
  }
  assert.ok(page.tries > 15 && page.tries < 45, `${page.tries} tries in two hours`)
})

test('back online a line that was waited for is tried at once, one that is open is asked whether it lives', async () => {
  page.forbidden = true
  await page.opens()
  await page.settle()
  page.forbidden = false
  page.window.dispatchEvent(new Event('online'))
  const socket = await page.joined()
  page.answers = false
  page.window.dispatchEvent(new Event('online'))
  await page.settle()
  assert.equal(JSON.parse(socket.sent.at(-1))[3], 'heartbeat')
  mock.timers.tick(4_000)
  assert.equal(socket.readyState, 3, 'it does not answer: half-open')
  mock.timers.tick(6_000)
  await page.joined()
})

test('nobody signed in, sync stopped, `realtime: false`: no place, no socket', async () => {
  await page.opens({ ...STATUS, user: null })
  page.doorbell.follow({ ...STATUS, state: 'stopped' })
  await page.settle()
  assert.deepEqual([page.sockets.length, page.locks.holder], [0, undefined])
  page.doorbell = watchDoorbell(page.engine, { ...OPTIONS, realtime: false }, 'db')
  page.doorbell.follow(STATUS)
  await page.settle()
  assert.equal(page.sockets.length, 0)
})

/** Locks, sockets, a document and an engine, as far as a doorbell looks at them. */
function makePage() {
  const made = { pokes: [], sockets: [], token: token('u1'), forbidden: false, answers: true, tries: 0, window: new EventTarget(), document: new EventTarget(), locks: makeLocks() }
  made.document.visibilityState = 'visible'
  made.engine = { token: async () => made.token, poke: (xid) => made.pokes.push(xid) }
  class Socket {
    static OPEN = 1
    readyState = 0
    sent = []
    constructor(url) {
      made.tries += 1
      if (made.forbidden) throw new Error('SecurityError')
      this.url = url
      made.sockets.push(this)
    }
    send(text) {
      this.sent.push(text)
      if (made.answers && JSON.parse(text)[3] === 'heartbeat') queueMicrotask(() => this.says('phx_reply', { status: 'ok' }, '2', 'phoenix'))
    }
    close() { this.readyState = 3 }
    says(event, payload, ref = null, topic = TOPIC) { this.onmessage({ data: JSON.stringify([null, ref, topic, event, payload]) }) }
  }
  const globals = {
    WebSocket: Socket, document: made.document, navigator: { locks: made.locks },
    addEventListener: (...given) => made.window.addEventListener(...given),
  }
  for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  made.settle = async () => { for (let n = 0; n < 20; n += 1) await Promise.resolve() }
  made.opens = async (status = STATUS) => {
    made.doorbell = watchDoorbell(made.engine, OPTIONS, 'db')
    made.doorbell.follow(status)
    await made.settle()
  }
  made.joined = async () => {
    await made.settle()
    const socket = made.sockets.at(-1)
    assert.equal(socket?.readyState, 0, 'a socket is being opened')
    socket.readyState = 1
    socket.onopen()
    socket.says('phx_reply', { status: 'ok', response: {} }, '1')
    await made.settle()
    return socket
  }
  made.show = (isVisible) => {
    made.document.visibilityState = isVisible ? 'visible' : 'hidden'
    made.document.dispatchEvent(new Event('visibilitychange'))
  }
  return made
}

/** One Web Lock: held, queued for, stolen. */
function makeLocks() {
  const locks = { holder: undefined, queue: [] }
  const grant = () => {
    const next = locks.holder ? undefined : locks.queue.shift()
    if (!next) return
    locks.holder = next
    void Promise.resolve(next.run()).then(() => {
      if (locks.holder !== next) return
      locks.holder = undefined
      next.resolve()
      grant()
    })
  }
  locks.request = (_name, { steal = false, signal }, run) => new Promise((resolve, reject) => {
    const one = { run, resolve, reject }
    signal?.addEventListener('abort', () => {
      locks.queue = locks.queue.filter((queued) => queued !== one)
      reject(signal.reason)
    })
    if (!steal) locks.queue.push(one)
    else {
      locks.holder?.reject(new Error('AbortError'))
      locks.holder = undefined
      locks.queue.unshift(one)
    }
    grant()
  })
  /** Another tab takes the lock; answers the way to give it back. */
  locks.steal = () => {
    let release
    void locks.request('', { steal: true }, () => new Promise((resolve) => { release = resolve }))
    return () => release()
  }
  return locks
}
