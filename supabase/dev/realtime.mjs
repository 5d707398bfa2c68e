// Supabase Realtime for the dev backend: channels with broadcast and `postgres_changes`, as the official client expects them.
//
//   joining --phx_join--> joined --(subscribe delay)--> "Subscribed to PostgreSQL"    changes before that are missed, as on hosted
//   joined  --token expired | refused--> closed (system error, phx_close)
//
// A private channel is joined only by whom the policies on realtime.messages let read its topic. Presence is not built.
// Tests may stand in the way: refuse a socket, swallow a message, drop sockets, say something that is not so.
import { WebSocketServer } from 'ws';
import { watchChanges } from './changes.mjs';
import { verifyToken } from './gateway.mjs';
import { decode, encode } from './phoenix.mjs';

const SUBSCRIBE_DELAY_MS = 200;
const IDLE_MS = 60_000;
const LONGEST_TIMER_MS = 2_000_000_000;

/** One joined channel of one socket. */
class Channel {
  claims = {};
  bindings = [];
  subscribed = false;
  joined = Date.now();
  constructor(socket, topic, joinRef, config) {
    Object.assign(this, { socket, topic, joinRef, config });
    this.name = topic.replace(/^realtime:/, '');
  }
  send(event, payload, ref = null) {
    this.socket.send({ joinRef: this.joinRef, ref, topic: this.topic, event, payload });
  }
  system(status, extension, message) {
    this.send('system', { channel: this.name, extension, message, status });
  }
}

/** What all sockets share: who listens to which topic, and the database's changes. */
class Hub {
  channels = new Set();
  constructor(lite, keys, passes) {
    Object.assign(this, { lite, keys, passes });
  }

  async open() {
    const tell = (bindings, data) => {
      for (const { channel, id } of bindings) channel.send('postgres_changes', { ids: [id], data });
    };
    this.changes = await watchChanges(this.lite, tell, (topic, payload) => this.broadcast(`realtime:${topic}`, payload));
  }

  broadcast(topic, payload, from) {
    for (const channel of this.channels) {
      if (channel.topic === topic && (channel !== from || channel.config.broadcast?.self)) channel.send('broadcast', payload);
    }
  }

  /** The claims behind an apikey or a token. */
  claimsOf(token) {
    const { anonKey, serviceKey, jwtSecret } = this.keys;
    if (token === anonKey || token === serviceKey) return { claims: { role: token === serviceKey ? 'service_role' : 'anon', exp: 4e9 } };
    return verifyToken(token, jwtSecret);
  }

  /** Takes a token for a channel. @returns {Promise<string | undefined>} why not */
  async authorize(channel, token) {
    const checked = this.claimsOf(token);
    if ('error' in checked) return checked.error;
    channel.claims = checked.claims;
    clearTimeout(channel.expiry);
    channel.expiry = setTimeout(() => this.shut(channel, 'Token has expired'), Math.min(checked.claims.exp * 1000 - Date.now(), LONGEST_TIMER_MS));
    if (!channel.config.private) return undefined;
    const readable = await this.lite.asUser(channel.claims, 'select 1 from realtime.messages limit 1', [], { 'realtime.topic': channel.name }).catch(() => []);
    return readable.length ? undefined : 'Unauthorized: You do not have permissions to read from this Channel topic: ' + channel.name;
  }

  subscribe(channel) {
    clearTimeout(channel.subscribing);
    if (channel.bindings.length === 0) return;
    channel.subscribing = setTimeout(async () => {
      try {
        for (const binding of channel.bindings) await this.changes.add(binding);
        channel.subscribed = true;
        channel.system('ok', 'postgres_changes', 'Subscribed to PostgreSQL');
      } catch (error) {
        channel.system('error', 'postgres_changes', `Unable to subscribe to changes with given parameters: [${error.message}]`);
      }
    }, SUBSCRIBE_DELAY_MS);
  }

  drop(channel) {
    this.channels.delete(channel);
    channel.socket.joined.delete(channel.topic);
    clearTimeout(channel.expiry);
    clearTimeout(channel.subscribing);
    for (const binding of channel.bindings) this.changes.remove(binding);
  }

  shut(channel, why) {
    if (why) channel.system('error', 'system', why);
    channel.send('phx_close', {}, channel.joinRef);
    this.drop(channel);
  }
}

/** One client's connection: reads its messages in order and answers them. */
class Socket {
  joined = new Map();
  constructor(hub, ws, version, key, agent) {
    Object.assign(this, { hub, ws, version, key, agent });
    let last = Promise.resolve();
    const stayAlive = () => {
      clearTimeout(this.idle);
      this.idle = setTimeout(() => ws.terminate(), IDLE_MS);
    };
    stayAlive();
    ws.on('message', (data, isBinary) => {
      stayAlive();
      last = last.then(() => this.receive(decode(version, data, isBinary))).catch((error) => console.error('realtime:', error.message));
    });
    ws.on('close', () => {
      clearTimeout(this.idle);
      for (const channel of [...this.joined.values()]) hub.drop(channel);
    });
  }

  send(message) {
    if (this.ws.readyState === this.ws.OPEN && this.hub.passes(message)) this.ws.send(encode(this.version, message));
  }

  async receive(message) {
    if (!message) return;
    const { joinRef, ref, topic, event, payload } = message;
    const reply = (status, response = {}) => this.send({ joinRef: joinRef ?? null, ref, topic, event: 'phx_reply', payload: { status, response } });
    if (topic === 'phoenix') return reply('ok');
    if (event === 'phx_join') return this.join(message, reply);
    const channel = this.joined.get(topic);
    if (!channel) return reply('error', { reason: 'unmatched topic' });
    if (event === 'phx_leave') {
      reply('ok');
      this.hub.shut(channel);
    } else if (event === 'access_token') {
      await this.renew(channel, payload.access_token);
    } else if (event === 'broadcast') {
      this.hub.broadcast(topic, payload, channel);
      if (channel.config.broadcast?.ack) reply('ok');
    }
  }

  async join({ joinRef, ref, topic, payload }, reply) {
    const before = this.joined.get(topic);
    if (before) this.hub.shut(before);
    const channel = new Channel(this, topic, joinRef ?? ref, payload.config ?? {});
    const refused = await this.hub.authorize(channel, payload.access_token ?? payload.user_token ?? this.key);
    if (refused) {
      clearTimeout(channel.expiry);
      return reply('error', { reason: refused });
    }
    const asked = (payload.config?.postgres_changes ?? []).filter(Boolean);
    channel.bindings = asked.map((binding, n) => ({ ...binding, channel, id: n + 1 }));
    this.joined.set(topic, channel);
    this.hub.channels.add(channel);
    reply('ok', { postgres_changes: asked.map((binding, n) => ({ ...binding, id: n + 1 })) });
    this.hub.subscribe(channel);
  }

  /** A refreshed token: silence when it is good, the channel's end when it is not. */
  async renew(channel, token) {
    if (!token || token.startsWith('sb_')) return;
    const refused = await this.hub.authorize(channel, token);
    if (refused) this.hub.shut(channel, refused);
    else this.hub.subscribe(channel);
  }
}

/** For tests: who listens, and what a network or somebody else may do to them. */
function standingInTheWay(hub, open) {
  const live = () => [...open].filter(({ ws }) => ws.readyState === ws.OPEN);
  return {
    /** The sockets that are open: who has them, and the channels joined on each; `subscribed`: the database rings, too. */
    sockets: () => live().map(({ agent, joined }) => ({ agent, channels: [...joined.values()].map(({ name, claims, joined: since, subscribed }) => ({ name, claims, joined: since, subscribed })) })),
    /** Breaks sockets as a network does, without a word. @param {(agent: string) => boolean} [whose] */
    drop(whose = () => true) {
      for (const { agent, ws } of live()) if (whose(agent)) ws.terminate();
    },
    /** Says something on every channel, true or not. @param {string} event @param {any} payload */
    say(event, payload) {
      for (const channel of hub.channels) channel.send(event, payload);
    },
  };
}

/** Answers an upgrade that is refused. */
function deny(socket, status, message) {
  const body = JSON.stringify({ error: message });
  socket.end(`HTTP/1.1 ${status} Unauthorized\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`);
}

/**
 * Serves /realtime/v1/websocket on an HTTP server.
 * @param {import('node:http').Server} server
 * @param {{ lite: any, anonKey: string, serviceKey: string, jwtSecret: string, admits?: (req: import('node:http').IncomingMessage) => boolean,
 *   passes?: (message: import('./phoenix.mjs').Message) => boolean }} options `admits`: whether a socket is let in; `passes`: whether a message
 *   of the server's gets through
 */
export async function attachRealtime(server, { lite, admits = () => true, passes = () => true, ...keys }) {
  const hub = new Hub(lite, keys, passes);
  await hub.open();
  const open = new Set();
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 5_000_000 });
  server.on('upgrade', (req, socket, head) => {
    const url = new URL(req.url, 'http://localhost');
    if (url.pathname !== '/realtime/v1/websocket') return socket.destroy();
    if (!admits(req)) return socket.destroy();
    const key = url.searchParams.get('apikey') ?? req.headers['x-api-key'];
    if (!key) return deny(socket, 401, 'API key is missing');
    const checked = hub.claimsOf(key);
    if ('error' in checked) return deny(socket, 401, checked.error);
    sockets.handleUpgrade(req, socket, head, (ws) => {
      const agent = req.headers['user-agent'];
      const one = new Socket(hub, ws, url.searchParams.get('vsn') ?? '1.0.0', key, agent);
      open.add(one);
      ws.on('close', () => open.delete(one));
    });
  });
  return {
    ...standingInTheWay(hub, open),
    async close() {
      for (const ws of sockets.clients) ws.terminate();
      sockets.close();
      for (const channel of [...hub.channels]) hub.drop(channel);
      await hub.changes.close();
    },
  };
}
