// Calls a script's handler for whoever asks over this worker's socket.
export default {
  async fetch(request, env) {
    const { script, cron, time } = await request.json();
    return Response.json(await env[script].scheduled({ cron, scheduledTime: new Date(time) }));
  },
};
