export default {
  async fetch(request, env) {
    return new Response(`caller: ${await env.TALLY.get(env.TALLY.idFromName("the one")).add(10)}\n`);
  },
};
