// Tells the host what a script exports, in one line on stdout. What scripts
// are known to replace, console.log above all, is taken before they run.
import * as workers from "cloudflare:workers";

const { stringify } = JSON;
const { keys, getPrototypeOf, getOwnPropertyDescriptor, getOwnPropertyNames } = Object;
const sourceOf = Function.prototype.call.bind(Function.prototype.toString);
const print = console.log.bind(console);

const handlers = ["fetch", "scheduled", "queue", "email", "tail", "tailStream", "trace", "alarm", "connect", "test"];
const bases = [
  ["durable-object", workers.DurableObject],
  ["entrypoint", workers.WorkerEntrypoint],
  ["workflow", workers.WorkflowEntrypoint],
];

// attempt gives the fallback where a getter or a proxy of the user's throws.
function attempt(look, fallback) {
  try {
    return look();
  } catch {
    return fallback;
  }
}

// kind names what an export is. A function is a class if it is written as one
// or, compiled for an old target, has methods.
function kind(value) {
  if (typeof value !== "function") return typeof value;
  const prototype = getOwnPropertyDescriptor(value, "prototype")?.value;
  if (typeof prototype !== "object" || prototype === null) return "function";
  for (let c = getPrototypeOf(value); typeof c === "function"; c = getPrototypeOf(c)) {
    for (const [name, base] of bases) if (c === base) return name;
  }
  const written = sourceOf(value).startsWith("class");
  return written || getOwnPropertyNames(prototype).length > 1 ? "class" : "function";
}

export function report(token, worker, user) {
  const main = user.default;
  const target = typeof main === "function" ? main.prototype : main;
  print(
    token + " R " + stringify({
      worker,
      hasDefault: main !== undefined,
      handlers: handlers.filter((name) => attempt(() => typeof target?.[name] === "function", false)),
      exports: keys(user)
        .filter((name) => name !== "default")
        .map((name) => ({ name, kind: attempt(() => kind(user[name]), "unknown") })),
    }),
  );
}
