// Values and tables as Node prints them; the engine's own formatter can be
// reached only through console.log, which gives no string back.

const plural = (n, what) => `${n} more ${what}${n > 1 ? "s" : ""}`;

function quote(s) {
  let mark = "'";
  if (s.includes("'")) {
    if (!s.includes('"')) mark = '"';
    else if (!s.includes("`") && !s.includes("${")) mark = "`";
  }
  const escaped = JSON.stringify(s).slice(1, -1).replaceAll('\\"', '"');
  return mark + (mark === "'" ? escaped.replaceAll("'", "\\'") : escaped) + mark;
}

function functionTag(f) {
  const isClass = /^class\b/.test(Function.prototype.toString.call(f));
  if (!isClass) return f.name ? `[Function: ${f.name}]` : "[Function (anonymous)]";
  const parent = Object.getPrototypeOf(f)?.name;
  return `[class ${f.name || "(anonymous)"}${parent ? ` extends ${parent}` : ""}]`;
}

function className(value) {
  for (let o = value; o !== null; o = Object.getPrototypeOf(o)) {
    const d = Object.getOwnPropertyDescriptor(o, "constructor");
    if (typeof d?.value === "function" && d.value.name !== "") return d.value.name;
  }
  return "";
}

function property(value, key, depth) {
  const d = Object.getOwnPropertyDescriptor(value, key) ?? {};
  if (d.get) return d.set ? "[Getter/Setter]" : "[Getter]";
  return d.set ? "[Setter]" : inspect(d.value, depth);
}

function entries(value, depth) {
  return Reflect.ownKeys(value)
    .filter((key) => Object.prototype.propertyIsEnumerable.call(value, key))
    .map((key) => {
      const plain = typeof key === "string" && /^[a-zA-Z_][a-zA-Z_0-9]*$/.test(key);
      const name = typeof key === "symbol" ? `[${String(key)}]` : plain ? key : quote(key);
      return `${name}: ${property(value, key, depth)}`;
    });
}

const maxItems = 3; // as in Node's tables

function items(list, size, format) {
  const shown = [];
  for (const item of list) {
    if (shown.length === maxItems) {
      shown.push(`... ${plural(size - maxItems, "item")}`);
      break;
    }
    shown.push(format(item));
  }
  return shown;
}

// inspect returns one line for a value. Objects nested deeper than depth are
// named, not shown.
export function inspect(value, depth) {
  if (typeof value === "string") return quote(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return functionTag(value);
  if (Object.is(value, -0)) return "-0";
  if (value === null || typeof value !== "object") return String(value);
  if (value instanceof Date) return isNaN(value) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (value instanceof Error) return `[${value}]`;
  return inspectObject(value, depth);
}

function inspectObject(value, depth) {
  const inner = (v) => inspect(v, depth - 1);
  const name = className(value);
  let prefix = name === "Object" ? "" : `${name || "[Object: null prototype]"} `;
  let [open, close] = ["{", "}"];
  let shown = () => entries(value, depth - 1);
  let size;
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) {
    [open, close] = ["[", "]"];
    size = value.length;
    prefix = Array.isArray(value) ? "" : `${name}(${size}) `;
    shown = () => items(value, size, inner);
  } else if (value instanceof Map) {
    size = value.size;
    prefix = `${name}(${size}) `;
    shown = () => items(value, size, ([k, v]) => `${inner(k)} => ${inner(v)}`);
  } else if (value instanceof Set) {
    size = value.size;
    prefix = `${name}(${size}) `;
    shown = () => items(value, size, inner);
  }
  if ((size ?? Object.keys(value).length) === 0) return `${prefix}${open}${close}`;
  if (depth < 0 && !ArrayBuffer.isView(value)) return name ? `[${name}]` : "[Object: null prototype]";
  return `${prefix}${open} ${shown().join(", ")} ${close}`;
}

function cell(value) {
  const big = value !== null && typeof value === "object" && !Array.isArray(value) && Object.keys(value).length > 2;
  return inspect(value, big ? -1 : 0);
}

// width counts terminal columns: East Asian and pictures take two.
function width(s) {
  let n = 0;
  for (const c of s) {
    if (/[\p{Mn}\p{Me}\p{Cf}]/u.test(c)) continue;
    n += /[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(c) ? 2 : 1;
  }
  return n;
}

function draw(head, columns) {
  const height = Math.max(...columns.map((c) => c.length));
  const widths = head.map((h, i) => Math.max(width(h), ...Array.from(columns[i], (c) => width(c ?? ""))));
  const line = (l, m, r) => l + widths.map((w) => "─".repeat(w + 2)).join(m) + r;
  const row = (cells) => `│ ${cells.map((c, i) => c + " ".repeat(widths[i] - width(c))).join(" │ ")} │`;
  const out = [line("┌", "┬", "┐"), row(head), line("├", "┼", "┤")];
  for (let y = 0; y < height; y++) out.push(row(columns.map((c) => c[y] ?? "")));
  out.push(line("└", "┴", "┘"));
  return out.join("\n");
}

// table returns what Node's console.table prints for an object.
export function table(data, properties) {
  const numbers = (n) => Array.from({ length: n }, (_, i) => String(i));
  if (data instanceof Map) {
    const all = [...data];
    const columns = [numbers(all.length), all.map(([k]) => cell(k)), all.map(([, v]) => cell(v))];
    return draw(["(iteration index)", "Key", "Values"], columns);
  }
  if (data instanceof Set) {
    const all = [...data];
    return draw(["(iteration index)", "Values"], [numbers(all.length), all.map(cell)]);
  }
  const index = Object.keys(data);
  const columns = new Map();
  const values = [];
  index.forEach((key, y) => {
    const item = data[key];
    if (item === null || (typeof item !== "object" && typeof item !== "function")) {
      values[y] = cell(item);
      return;
    }
    for (const name of properties ?? Object.keys(item)) {
      if (!columns.has(name)) columns.set(name, []);
      columns.get(name)[y] = Object.hasOwn(item, name) ? cell(item[name]) : "";
    }
  });
  const head = ["(index)", ...columns.keys()].map(String);
  const body = [index, ...columns.values()];
  if (values.length > 0) {
    head.push("Values");
    body.push(values);
  }
  return draw(head, body);
}
