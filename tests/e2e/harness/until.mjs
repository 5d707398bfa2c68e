// Waiting for something to be so, with a limit: the tests' only clock.

const STEP_MS = 50

/** What `probe` answers once it is truthy; `what` is what the error says was awaited. */
export async function until(what, probe, limitMs = 20_000) {
  const deadline = Date.now() + limitMs
  for (;;) {
    const found = await probe()
    if (found) return found
    if (Date.now() > deadline) throw new Error(`after ${limitMs} ms still not so: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, STEP_MS))
  }
}
