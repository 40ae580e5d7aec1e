// Takes orders by POST and works them off later; GET waits until an order is done.
import { DurableObject } from "cloudflare:workers";

export class Ledger extends DurableObject {
  async enter(order, state) {
    await this.ctx.storage.put(order, state);
    this.entered?.();
  }
  async state(order) {
    for (;;) {
      const state = await this.ctx.storage.get(order);
      if (state) return state;
      await new Promise((resolve) => (this.entered = resolve));
    }
  }
}

export default {
  async fetch(request, env) {
    const order = new URL(request.url).pathname.slice(1);
    if (request.method === "POST") {
      await env.ORDERS.send({ order });
      return new Response(`ordered ${order}\n`);
    }
    return new Response(`${order}: ${await env.LEDGER.getByName("all").state(order)}\n`);
  },

  async queue(batch, env) {
    const ledger = env.LEDGER.getByName("all");
    for (const message of batch.messages) {
      const { order } = message.body;
      if (batch.queue === "failed") await ledger.enter(order, "could not be delivered");
      else if (order === "elephant") message.retry();
      else await ledger.enter(order, `delivered at attempt ${message.attempts}`);
    }
  },
};
