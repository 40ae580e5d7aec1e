export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/api/about") return env.ASSETS.fetch("http://assets/about");
    return new Response(`the worker at ${pathname}\n`);
  },
};
