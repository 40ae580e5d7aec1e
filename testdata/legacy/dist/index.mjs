export class Echo {
  async fetch(request) {
    return new Response(await request.text());
  }
}

export default {
  fetch: (request, env) => env.ECHO.get(env.ECHO.newUniqueId()).fetch(request),
};
