export class DurableObjectExample {
  constructor(state) {
    this.storage = state.storage;
  }

  async fetch() {
    const n = ((await this.storage.get("n")) ?? 0) + 1;
    await this.storage.put("n", n);
    return new Response(String(n));
  }
}

export default {
  async fetch(request, env) {
    const object = env.EXAMPLE_CLASS.get(env.EXAMPLE_CLASS.idFromName("one"));
    return new Response(`${env.GREETING} ${await (await object.fetch(request)).text()}\n`);
  },
};
