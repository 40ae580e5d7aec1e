import { DurableObject } from "cloudflare:workers";

// A tally that other scripts use through a binding with script_name.
export class Tally extends DurableObject {
  async add(n) {
    const value = ((await this.ctx.storage.get("value")) ?? 0) + n;
    await this.ctx.storage.put("value", value);
    return value;
  }
}

export default {
  async fetch(request, env) {
    return new Response(`owner: ${await env.TALLY.get(env.TALLY.idFromName("the one")).add(1)}\n`);
  },
};
