import { DurableObject } from "cloudflare:workers";

// Counts visits in SQL.
export class Visits extends DurableObject {
  visit(): number {
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS visits (n INTEGER)");
    sql.exec("INSERT INTO visits VALUES (1)");
    return sql.exec("SELECT count(*) AS n FROM visits").one().n as number;
  }
}
