import { WorkerEntrypoint } from "cloudflare:workers";

export class Prices extends WorkerEntrypoint {
	of(item) {
		return `${item.length} ${this.ctx.props.currency}`;
	}
}

export default {
	async fetch(request, env) {
		return new Response(`last ordered: ${await env.CACHE.get("last")}`);
	},
};
