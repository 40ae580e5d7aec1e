// The worker of most tests. What the objects of COUNTER count is stored; the
// rest of the paths show how a runtime treats what scripts do.
export default {
  async fetch(request, env, ctx) {
    const url = new URL(request.url);
    switch (url.pathname) {
      case "/version":
        return new Response(env.VERSION ?? "none");
      case "/loop":
        for (;;) {}
      case "/throw":
        throw new Error("thrown on purpose");
      case "/log":
        console.log("logged", { path: url.pathname });
        return new Response("logged");
      case "/hang":
        await counter(url, env).fetch("http://counter/increment"); // shows that it has begun
        await scheduler.wait(60_000);
        return new Response("woke up");
      case "/id":
        return new Response(env.COUNTER.idFromName(url.searchParams.get("name")).toString());
      case "/later":
        ctx.waitUntil(scheduler.wait(200).then(() => counter(url, env).fetch("http://counter/increment")));
        return new Response("later");
      default:
        return counter(url, env).fetch(request);
    }
  },
};

function counter(url, env) {
  const id = url.searchParams.get("id");
  const name = url.searchParams.get("name") ?? "A";
  return env.COUNTER.get(id ? env.COUNTER.idFromString(id) : env.COUNTER.idFromName(name));
}

export class Counter {
  constructor(state) {
    this.storage = state.storage;
  }

  async fetch(request) {
    await request.text(); // an upload is part of the work
    let value = (await this.storage.get("value")) ?? 0;
    if (new URL(request.url).pathname === "/increment") {
      value++;
      await this.storage.put("value", value);
    }
    return new Response(String(value));
  }
}
