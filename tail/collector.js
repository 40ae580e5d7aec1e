// The collector: a small Worker that the engine tells about every invocation
// of the Workers under observation (`streamingTails`). It prints one line per
// invocation on stdout, "TOKEN I {json}", and for an invocation that stays
// open also early lines, "TOKEN P {json}". The host reads stdout anyway, so
// nothing can be lost on a second connection and nothing has to reconnect.
//
// Rules that keep it honest:
// - It never awaits: an event handler whose promise does not settle gets no
//   further event, and pending work is abandoned at shutdown.
// - It never throws: a throw ends the stream of that invocation silently.
// - console.log gets ONE argument: with several, "%" would be interpreted.
// - What is heavy (redaction, exact limits) is done by the host.

/**
 * How much JSON of logs, and of exceptions, one line may carry. It only keeps
 * memory within bounds and is well above what the host lets through: the host
 * counts exactly, and puts a remark where it cuts.
 */
const LIMIT = 1024 * 1024;

/** Pending text after which an open invocation prints at once instead of at the end of the batch. */
const FLUSH_AT = 64 * 1024;

/** A log line this many milliseconds after the start shows that an invocation is a long one. */
const LONG_AFTER = 1000;

/**
 * What is reported: "on" everything, "off" nothing, "notable" only invocations that logged, threw
 * or failed. Undefined until the first use, when the binding INITIAL decides.
 */
let mode;

/**
 * How many invocations are under way. What belongs to a socket is not counted: sockets stay open
 * for days, and the outcome of a hibernating one's last event may never be reported.
 */
let underWay = 0;

const modes = ["on", "off", "notable"];

function enabled(env) {
  mode ??= modes.includes(env.INITIAL) ? env.INITIAL : "on";
  return mode !== "off";
}

/**
 * The control socket, reachable only for the host: POST /on, POST /off, POST /notable,
 * GET /state, and GET /open, which says how many invocations a shutdown would cut short.
 */
export default {
  fetch(request, env) {
    enabled(env);
    const { pathname } = new URL(request.url);
    if (pathname === "/state" && request.method === "GET") return state();
    if (pathname === "/open" && request.method === "GET") return new Response(String(underWay));
    const wanted = pathname.slice(1);
    if (!modes.includes(wanted)) return new Response("not found\n", { status: 404 });
    if (request.method !== "POST") return new Response("method not allowed\n", { status: 405 });
    mode = wanted;
    return state();
  },
};

function state() {
  return new Response(mode);
}

/**
 * The entrypoint that `streamingTails` names. Its props are {script, version, token}. With the binding
 * EARLY set to "on" the exceptions of a request are reported at once. Without it they come with the outcome,
 * for which waitUntil may have to be waited for, but clients of a tail hear of each invocation once.
 */
export const Collector = {
  tailStream(onset, env, ctx) {
    try {
      const long = isUpgrade(onset.event.info);
      // A handler refused here can never be attached later. So a socket that
      // opens while nobody watches gets one all the same, and each method asks
      // the flag again; everything else is over soon and costs least this way.
      if (!enabled(env) && !long) return undefined;
      if (onset.event.info?.type === "jsrpc") return new RpcInvocation(onset, ctx.props, long);
      return new Invocation(onset, ctx.props, long, env.EARLY === "on");
    } catch {
      return undefined;
    }
  },
};

function isUpgrade(info) {
  return info?.type === "fetch" && info.headers.some((h) => h.name.toLowerCase() === "upgrade");
}

/**
 * One invocation that is under way. The engine calls the methods that carry an
 * event's name, and converts only events that have a method.
 */
class Invocation {
  #token;
  #onset; // what the engine said at the start
  #script; // {script, version}, as the host named them
  #start; // the Worker's clock at the start
  #arrived; // our clock at the start
  #upgrade;
  #long;
  #early; // whether an exception is worth a line of its own, before the outcome
  #counted; // whether it is part of underWay
  #part = 0;
  #scheduled = false; // whether a flush is due at the end of this batch
  #logs = new Pieces();
  #exceptions = new Pieces();
  #diagnostics = new Pieces();
  #truncated = false;
  #result = {}; // what came later and belongs to the event: the response, a method's name

  constructor(onset, props, long, early) {
    this.#token = props.token;
    this.#onset = onset;
    this.#script = props;
    this.#start = +onset.timestamp;
    this.#arrived = Date.now();
    this.#upgrade = long;
    this.#long = long;
    this.#early = early && onset.event.info?.type === "fetch";
    this.#counted = !long && onset.event.info?.type !== "hibernatableWebSocket";
    if (this.#counted) underWay++;
  }

  log({ event, timestamp }) {
    if (mode === "off") return;
    const cut = !Array.isArray(event.message); // cut raw JSON of an oversized line
    if (cut) this.#truncated = true;
    this.#logs.add({
      message: cut ? [String(event.message)] : event.message,
      level: event.level,
      timestamp: +timestamp,
      errorInfo: event.errorInfo,
    });
    this.#happened(timestamp);
  }

  exception({ event, timestamp }) {
    if (mode === "off") return;
    this.#exceptions.add({ name: event.name, message: event.message, timestamp: +timestamp, stack: event.stack });
    if (this.#early) this.#long = true;
    this.#happened(timestamp);
  }

  diagnosticChannel({ event, timestamp }) {
    if (mode === "off") return;
    this.#diagnostics.add({ channel: event.channel, message: event.message, timestamp: +timestamp });
  }

  // Overlapping requests of one object can bring several of these; only the
  // one of a fetch says something.
  return({ event }) {
    const status = event.info?.statusCode;
    if (status !== undefined) this.adds({ response: { status } });
  }

  /** Adds to the event of the item. */
  adds(more) {
    Object.assign(this.#result, more);
  }

  streamDiagEvent({ event }) {
    if (event.diagnostic?.diagnosticsType === "droppedEvents") this.#truncated = true;
  }

  outcome({ event, timestamp }) {
    if (this.#counted) underWay--;
    if (mode === "off" || (mode === "notable" && !this.#notable(event.outcome))) return;
    // The outcome of a hibernated socket carries the time of its `return`, so
    // for sockets the arrival of the events is the better measure.
    const wallTime = this.#upgrade ? Date.now() - this.#arrived : timestamp - this.#start;
    this.#print("I", event.outcome, wallTime, this.#exceptions);
  }

  // Whoever has seen a part waits for the end.
  #notable(outcome) {
    return outcome !== "ok" || this.#part > 0 || this.#logs.size + this.#exceptions.size + this.#diagnostics.size > 0;
  }

  // A long invocation shows what happens in it at once. The flush waits for
  // the end of the batch, so that ten lines in a row make one part; an outcome
  // in the same batch comes first and leaves nothing to flush.
  #happened(timestamp) {
    if (!this.#long && timestamp - this.#start > LONG_AFTER) this.#long = true;
    if (!this.#long) return;
    if (this.#logs.size > FLUSH_AT) {
      this.#flush();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(() => this.#flush());
    }
  }

  #flush() {
    this.#scheduled = false;
    const exceptions = this.#exceptions.fresh();
    if (this.#logs.size + exceptions.size === 0) return;
    this.#print("P", "ok", Date.now() - this.#arrived, exceptions);
  }

  // The pieces are JSON already, so that no argument of a log line is walked
  // twice.
  #print(kind, outcome, wallTime, exceptions) {
    const truncated = this.#truncated || this.#logs.full || exceptions.full || this.#diagnostics.full;
    const { event, invocationId, spanContext } = this.#onset;
    const { script, version } = this.#script;
    const head = json({
      outcome,
      eventTimestamp: this.#start,
      scriptName: script,
      scriptVersion: version ? { id: version } : undefined,
      entrypoint: event.entrypoint,
      durableObjectId: event.durableObjectId,
      executionModel: event.executionModel,
      event: { ...describe(event.info), ...this.#result },
      truncated,
      wallTime,
      paddock: {
        invocationId,
        traceId: exceptions.size > 0 ? spanContext?.traceId : undefined,
        part: ++this.#part,
        final: kind === "I",
      },
    });
    console.log(
      `${this.#token} ${kind} ${head.slice(0, -1)},"logs":${this.#logs},"exceptions":${exceptions}` +
        `,"diagnosticsChannelEvents":${this.#diagnostics}}`,
    );
    this.#logs = new Pieces();
    this.#diagnostics = new Pieces();
    this.#truncated = false;
  }
}

/** An RPC call: the method's name arrives as an attribute of the root span. */
class RpcInvocation extends Invocation {
  #root;

  constructor(onset, props, long) {
    super(onset, props, long, false);
    this.#root = onset.event.spanId;
  }

  // Attributes of other spans belong to calls that this invocation makes.
  attributes({ event, spanContext }) {
    if (spanContext?.spanId !== this.#root) return;
    for (const { name, value } of event.info) {
      if (name === "jsrpc.method") this.adds({ rpcMethod: String(value) });
    }
  }
}

/** A JSON array in the making that stops growing after the piece with which it exceeds LIMIT. */
class Pieces {
  #list = [];
  #seen = 0; // how many fresh() has given out
  size = 0;
  full = false;

  add(value) {
    if (this.size > LIMIT) {
      this.full = true;
      return;
    }
    const text = json(value);
    this.#list.push(text);
    this.size += text.length;
  }

  /** The pieces that were added since the last call. */
  fresh() {
    const part = new Pieces();
    for (; this.#seen < this.#list.length; this.#seen++) {
      part.#list.push(this.#list[this.#seen]);
      part.size += this.#list[this.#seen].length;
    }
    return part;
  }

  toString() {
    return `[${this.#list.join(",")}]`;
  }
}

/** JSON.stringify for values that may hold a BigInt or throw. */
function json(value) {
  try {
    return JSON.stringify(value);
  } catch {
    try {
      return JSON.stringify(value, (_, v) => (typeof v === "bigint" ? String(v) : v));
    } catch {
      return "{}";
    }
  }
}

/** Turns the engine's onset info into the `event` of a trace item. */
function describe(info) {
  switch (info?.type) {
    case "fetch":
      return { request: { url: info.url, method: info.method, headers: headers(info.headers), cf: info.cfJson } };
    case "jsrpc":
      return { rpcMethod: "" };
    case "scheduled":
      return { cron: info.cron, scheduledTime: +info.scheduledTime };
    case "alarm":
      return { scheduledTime: info.scheduledTime };
    case "queue":
      return { queue: info.queueName, batchSize: info.batchSize };
    case "email":
      return { mailFrom: info.mailFrom, rcptTo: info.rcptTo, rawSize: info.rawSize };
    case "trace":
      return { consumedEvents: info.traces.map((name) => ({ scriptName: name || null })) };
    case "hibernatableWebSocket": {
      const { type, code, wasClean } = info.info;
      return { getWebSocketEvent: { webSocketEventType: type, code, wasClean } };
    }
    default:
      return {};
  }
}

/** Header names in lower case, repeats joined as HTTP joins them. */
function headers(list) {
  const out = Object.create(null); // a header may be called __proto__
  for (const { name, value } of list) {
    const key = name.toLowerCase();
    out[key] = key in out ? `${out[key]}, ${value}` : value;
  }
  return out;
}
