// Counts orders in a database, remembers the last one in a KV namespace, and
// asks another worker what it costs.
export default {
	async fetch(request, env) {
		const { pathname } = new URL(request.url), item = pathname.slice(1);
		if (item === "version") return new Response(env.VERSION.id);
		const last = (await env.CACHE.get("last")) ?? "nothing";
		await env.CACHE.put("last", item);
		await env.OWN_CACHE.put("last", item);
		await env.DB.exec("CREATE TABLE IF NOT EXISTS orders (item TEXT)");
		await env.DB.prepare("INSERT INTO orders VALUES (?)").bind(item).run();
		const n = await env.DB.prepare("SELECT count(*) AS n FROM orders").first("n");
		return new Response(`order ${n}: ${item} for ${await env.PRICES.of(item)}, after ${last}`);
	},
};
