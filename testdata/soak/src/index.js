// The worker under the load of internal/soak: every kind of request that must
// survive a change of the code, which is a change of version.js.
import version from "./version.js";

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const [, what, name] = url.pathname.split("/");
    switch (what) {
      case "version":
        return new Response(String(version));
      case "slow":
        await scheduler.wait(Number(url.searchParams.get("ms")));
        return new Response("awake");
      case "stream":
        return new Response(lines(Number(url.searchParams.get("lines")), Number(url.searchParams.get("ms"))));
      case "echo":
        return new Response(request.body);
      case "socket":
        return name ? counter(env.COUNTERS, name).fetch(request) : greet((socket) => socket.accept());
      case "neighbour": // the same of another script, where it is bound
        url.pathname = url.pathname.slice("/neighbour".length);
        return counter(env.NEIGHBOURS, url.pathname.split("/")[2]).fetch(new Request(url, request));
      default:
        return counter(env.COUNTERS, name).fetch(request);
    }
  },
};

function counter(namespace, name) {
  return namespace.get(namespace.idFromName(name));
}

// One line every few milliseconds.
function lines(count, ms) {
  const text = new TextEncoder();
  let n = 0;
  return new ReadableStream({
    async pull(stream) {
      await scheduler.wait(ms);
      stream.enqueue(text.encode(`line ${++n}\n`));
      if (n === count) stream.close();
    },
  });
}

// A WebSocket that says what code it has reached, and then nothing more.
function greet(accept) {
  const { 0: client, 1: server } = new WebSocketPair();
  accept(server);
  server.send(String(version));
  return new Response(null, { status: 101, webSocket: client });
}

export class Counter {
  constructor(state) {
    this.state = state;
    this.sql = state.storage.sql;
    this.sql.exec("CREATE TABLE IF NOT EXISTS counter (one INTEGER PRIMARY KEY, value INTEGER)");
    this.sql.exec("INSERT OR IGNORE INTO counter VALUES (1, 0)");
  }

  async fetch(request) {
    if (request.headers.get("Upgrade") === "websocket") {
      return greet((socket) => this.state.acceptWebSocket(socket)); // may hibernate
    }
    const body = await request.arrayBuffer(); // an upload is part of the work
    if (new URL(request.url).pathname.startsWith("/count/")) {
      this.sql.exec("UPDATE counter SET value = value + 1");
    }
    const { value } = this.sql.exec("SELECT value FROM counter").one();
    return new Response(`${value} after ${body.byteLength} bytes`);
  }

  webSocketMessage() {}
}
