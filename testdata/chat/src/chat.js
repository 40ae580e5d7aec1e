// A chat room for each name: WebSockets at /room/NAME, its history at
// /room/NAME/history. What nobody has spoken in for a minute is forgotten by
// an alarm; /room/NAME/expire?in=MS brings that forward.

export default {
  async fetch(request, env) {
    const [, kind, name] = new URL(request.url).pathname.split("/");
    if (kind !== "room" || !name) {
      return new Response("Connect to /room/NAME with a WebSocket.\n", { status: 404 });
    }
    return env.ROOMS.get(env.ROOMS.idFromName(name)).fetch(request);
  },
};

const QUIET = 60_000;

export class Room {
  constructor(state, env) {
    this.state = state;
    this.limit = env.HISTORY;
  }

  async fetch(request) {
    const url = new URL(request.url);
    if (request.headers.get("Upgrade") === "websocket") return this.join(url.searchParams.get("as") ?? "somebody");
    switch (url.pathname.split("/")[3]) {
      case "history":
        return Response.json(await this.history());
      case "expire":
        await this.state.storage.setAlarm(Date.now() + Number(url.searchParams.get("in") ?? 0));
        return new Response("ok\n");
      default:
        return new Response("Not found\n", { status: 404 });
    }
  }

  // The hibernation API: the object may leave memory while sockets stay open.
  async join(who) {
    const { 0: client, 1: server } = new WebSocketPair();
    this.state.acceptWebSocket(server);
    server.serializeAttachment({ who });
    console.log("joined", { who, members: this.state.getWebSockets().length });
    for (const line of await this.history()) server.send(JSON.stringify(line));
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(socket, text) {
    const line = { who: socket.deserializeAttachment().who, text };
    const lines = [...(await this.history()), line].slice(-this.limit);
    await this.state.storage.put("lines", lines);
    await this.state.storage.setAlarm(Date.now() + QUIET);
    for (const member of this.state.getWebSockets()) member.send(JSON.stringify(line));
  }

  async webSocketClose(socket, code) {
    socket.close(code === 1005 ? 1000 : code);
  }

  async alarm() {
    const forgotten = (await this.history()).length;
    await this.state.storage.deleteAll();
    console.log("forgot", forgotten, "lines");
  }

  async history() {
    return (await this.state.storage.get("lines")) ?? [];
  }
}
