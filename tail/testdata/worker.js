// A worker whose paths give one kind of invocation each.
import { DurableObject } from "cloudflare:workers";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Counter extends DurableObject {
  async fetch(request) {
    console.log("start", new URL(request.url).search);
    if (request.url.includes("pause")) await pause(200);
    if (request.url.includes("throw")) throw new TypeError("in the object");
    return new Response("do");
  }
  async increment(by) {
    console.log("by", by);
    const value = ((await this.ctx.storage.get("value")) ?? 0) + by;
    await this.ctx.storage.put("value", value);
    return value;
  }
  // The spans of its calls carry a jsrpc.method and a BigInt of their own.
  async nested() {
    const other = this.env.COUNTER.getByName("other");
    await (await other.fetch("http://other/")).text();
    return other.increment(5);
  }
  async schedule() {
    await this.ctx.storage.setAlarm(Date.now());
  }
  alarm() {
    console.log("alarm ran");
  }
}

export class Room extends DurableObject {
  fetch(request) {
    const [client, server] = Object.values(new WebSocketPair());
    if (request.url.includes("hibernate")) {
      this.ctx.acceptWebSocket(server);
    } else {
      server.accept();
      server.addEventListener("message", ({ data }) => this.classicMessage(server, data));
      server.addEventListener("close", ({ code }) => console.log("closed", code));
    }
    return new Response(null, { status: 101, webSocket: client });
  }
  classicMessage(socket, data) {
    console.log("got", data);
    if (data === "many") for (let i = 0; i < 3; i++) console.log("line", i);
    if (data === "throw") setTimeout(() => { throw new RangeError("in timer"); });
    socket.send("echo");
  }
  webSocketMessage(socket, data) {
    console.log("woken by", data);
    socket.send("echo");
  }
  webSocketClose(socket, code) {
    console.log("closed", code);
    socket.close(code);
  }
}

export default {
  async fetch(request, env, ctx) {
    const counter = env.COUNTER.getByName("one");
    switch (new URL(request.url).pathname) {
      case "/ok":
        console.log("hi", { z: 1, a: [10n.toString()] });
        console.error(new Error("inner"));
        return new Response("ok", { status: 201 });
      case "/throw":
        console.log("before");
        throw new Error("boom");
      case "/throw-wait-until":
        ctx.waitUntil(pause(50).then(() => console.log("late")));
        throw new Error("boom");
      case "/wait-until":
        ctx.waitUntil(pause(50).then(() => console.log("late")));
        return new Response("ok");
      case "/wait-until-rejects":
        ctx.waitUntil(Promise.reject(new Error("rejected")));
        return new Response("ok");
      case "/slow":
        console.log("start");
        await pause(1100);
        console.log("middle");
        await pause(50);
        console.log("end");
        return new Response("ok");
      case "/lines":
        for (let i = 0; i < 1000; i++) console.log("x".repeat(1000));
        return new Response("ok");
      case "/do":
        return counter.fetch(request);
      case "/rpc":
        return new Response(String(await counter.increment(1)));
      case "/nested":
        return new Response(String(await counter.nested()));
      case "/alarm":
        await counter.schedule();
        return new Response("ok");
      case "/classic":
      case "/hibernate":
        return env.ROOM.getByName("room").fetch(request);
      default:
        return new Response("not found", { status: 404 });
    }
  },
};
