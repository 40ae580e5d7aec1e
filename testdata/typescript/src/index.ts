import { Visits } from "./visits";
import page from "./page.txt";

export { Visits };

interface Env {
  VISITS: { idFromName(name: string): unknown; get(id: unknown): Visits };
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const path: string = new URL(request.url).pathname;
    if (path === "/boom") fail(path);
    const n = await env.VISITS.get(env.VISITS.idFromName(path)).visit();
    console.log("visit", { path, n });
    return new Response(page.replace("%d", String(n)));
  },
};

function fail(path: string): never {
  throw new TypeError(`no page at ${path}`);
}
