// Stands before the engine's queues, which take all queues of a service for
// theirs. Here every queue has a service with storage of its own, so that each
// can be deleted and none depends on which others a script uses.
import { env } from "cloudflare:workers";
import queues, { QueueShard } from "./engine.js";

export { QueueShard };

// What cannot be delivered goes to another queue: the module looks for its
// storage by "QUEUE#NUMBER".
const { SHARD: own, DEAD_LETTERS: deadLetters, QUEUE: queue } = env;
env.SHARD = {
  getByName(name) {
    const mine = name.slice(0, name.lastIndexOf("#")) === queue;
    return (mine ? own : deadLetters).getByName(name);
  },
};

export default {
  async fetch(request, _, ctx) {
    if (new URL(request.url).pathname === "/wake") return wake(await request.json());
    return queues.fetch(request, env, ctx);
  },
};

// A shard that was told when to deliver wakes up by itself. One that got its
// messages while there was nobody to deliver to does not, and neither does one
// that was put out of use by another limit of concurrency.
async function wake(ids) {
  await Promise.all(ids.map((id) => own.get(own.idFromString(id)).call(queue, "/metrics")));
  return new Response("woken");
}
