// Loaded before the user's modules. The engine hands these methods of console
// to a debugger and to nothing else: without one they print nothing anywhere,
// not even to a tail. Here each becomes lines of console.log or console.warn,
// worded as Node words them. Nothing in here may throw into the user's code,
// and nothing runs unless the user's code calls it.
import { inspect, table } from "./inspect.js";

const console = globalThis.console ?? {};

// Bound now, so that a script that replaces console.log is not called by us.
const bound = (name) =>
  typeof console[name] === "function" ? console[name].bind(console) : () => {};
const log = bound("log");
const warn = bound("warn");
const error = bound("error");

const counts = new Map();
const timers = new Map();

const now = () => globalThis.performance?.now?.() ?? Date.now();

function elapsed(start) {
  const ms = now() - start;
  return ms < 1000 ? `${Number(ms.toFixed(3))}ms` : `${(ms / 1000).toFixed(3)}s`;
}

function withTimer(method, label, use) {
  const start = timers.get(label);
  if (start === undefined) warn(`No such label '${label}' for console.${method}()`);
  else use(start);
}

// Output is not indented inside a group: many requests share one console, and
// one that ends before its groupEnd would indent the lines of all others.
const group = (...labels) => {
  if (labels.length > 0) log(...labels);
};

const methods = {
  assert(condition, ...rest) {
    if (condition) return;
    if (typeof rest[0] === "string") warn(`Assertion failed: ${rest[0]}`, ...rest.slice(1));
    else warn("Assertion failed", ...rest);
  },
  count(label = "default") {
    label = `${label}`;
    const n = (counts.get(label) ?? 0) + 1;
    counts.set(label, n);
    log(`${label}: ${n}`);
  },
  countReset(label = "default") {
    label = `${label}`;
    if (!counts.delete(label)) warn(`Count for '${label}' does not exist`);
  },
  dir(value) {
    log(typeof value === "string" ? inspect(value, 0) : value);
  },
  dirxml(...values) {
    log(...values);
  },
  group,
  groupCollapsed: group,
  groupEnd() {},
  table(data, columns) {
    if (data === null || typeof data !== "object") log(data);
    else log(table(data, Array.isArray(columns) ? columns : undefined));
  },
  time(label = "default") {
    label = `${label}`;
    if (timers.has(label)) warn(`Label '${label}' already exists for console.time()`);
    else timers.set(label, now());
  },
  timeEnd(label = "default") {
    label = `${label}`;
    withTimer("timeEnd", label, (start) => {
      timers.delete(label);
      log(`${label}: ${elapsed(start)}`);
    });
  },
  timeLog(label = "default", ...values) {
    label = `${label}`;
    withTimer("timeLog", label, (start) => log(`${label}: ${elapsed(start)}`, ...values));
  },
  trace(...values) {
    // Not the word "Error", this function and the wrapper below.
    const stack = `${new Error().stack}`.split("\n").slice(3).join("\n");
    // A single argument is printed as it is, more are formatted after the first.
    if (values.length === 0) warn(`Trace\n${stack}`);
    else if (typeof values[0] !== "string") warn("Trace:", ...values, `\n${stack}`);
    else if (values.length === 1) warn(`Trace: ${values[0]}\n${stack}`);
    else warn(`Trace: ${values[0]}`, ...values.slice(1), `\n${stack}`);
  },
};

for (const [name, method] of Object.entries(methods)) {
  // A getter of the user's that throws, or a label that cannot become a
  // string, did no harm while the method printed nothing.
  const harmless = (...args) => {
    try {
      method(...args);
    } catch (e) {
      warn(`console.${name} failed: ${e}`);
    }
  };
  try {
    Object.defineProperty(harmless, "name", { value: name, configurable: true });
    console[name] = harmless;
  } catch {
    // A console that cannot be changed stays as it is.
  }
}

// Without a listener the engine drops a rejected promise that nobody handles.
try {
  addEventListener("unhandledrejection", ({ reason }) => {
    try {
      const text = reason instanceof Error ? reason.stack || `${reason}` : inspect(reason, 2);
      error(`Uncaught (in promise) ${text}`);
    } catch {
      error("Uncaught (in promise)");
    }
  });
} catch {
  // No such event: nothing to report.
}
