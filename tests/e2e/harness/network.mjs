// The network between browsers and the server, as far as tests disturb it.
//
// A browser's own offline emulation binds its pages but not its service worker, and Chromium repeats
// by itself a request whose connection closed before any answer. So browsers are cut off here, by the
// name they go by, and answers can be lost in their midst, where nobody but the client can repeat.

/** A network that `startServer` takes as its `intercept` and `admits`; `more` is a test's own. */
export function makeNetwork(more = () => false) {
  const cutOff = new Set()
  return {
    intercept(req, res) {
      if (!cutOff.has(req.headers['user-agent'])) return more(req, res)
      req.socket.destroy()
      return true
    },
    /** Whether Realtime is within a browser's reach. */
    admits: (req) => !cutOff.has(req.headers['user-agent']),
    cutOff: (browser) => cutOff.add(browser),
    letBack: (browser) => cutOff.delete(browser),
  }
}

/** Lets the server do its work; the client gets the head of an answer, then nothing. */
export function loseAnswer(req, res) {
  const { socket } = req
  res.writeHead = () => res
  res.write = () => true
  res.end = () => {
    socket.end('HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{')
    return res
  }
}
