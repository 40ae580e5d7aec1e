// What the throughput is measured on: /hello stays in the Worker, everything
// else goes to one object, where /increment writes and /read only reads.

export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname === "/hello") {
      return new Response("hello");
    }
    return env.COUNTER.get(env.COUNTER.idFromName("bench")).fetch(request);
  },
};

export class Counter {
  constructor(state) {
    this.storage = state.storage;
  }

  async fetch(request) {
    let value = (await this.storage.get("value")) || 0;
    if (new URL(request.url).pathname === "/increment") {
      await this.storage.put("value", ++value);
    }
    return new Response(String(value));
  }
}
