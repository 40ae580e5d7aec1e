import { DurableObject } from "cloudflare:workers";
export class C extends DurableObject {}
export default { fetch: () => new Response("x") };
