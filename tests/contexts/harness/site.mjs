// A server, and people's browsers that can be cut off from it: everything a test file needs, and its end.

import { makeNetwork } from '../../e2e/harness/network.mjs'
import { startStack } from '../../e2e/harness/stack.mjs'
import { openDevice } from './device.mjs'

export async function startSite() {
  const network = makeNetwork()
  const { server, stop: stopServer } = await startStack({ intercept: network.intercept })
  const devices = []
  return {
    server,
    /** Someone's browser: signed up, synced once. */
    async device() {
      const device = await openDevice(server, network)
      devices.push(device)
      return device
    },
    async stop() {
      for (const device of devices) await device.leave()
      await stopServer()
    },
  }
}
