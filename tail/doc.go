// Package tail follows what workers do: a collector inside the engine reports
// every invocation, and this package turns the reports into trace items,
// filters them, carries them to clients and prints them.
//
// On the serving side start at [Decode], which makes an [Item] of one line of
// the [Collector], and at [Filters], which decides who gets it. On the
// receiving side start at [Client], and at [NewPretty] or [NewJSON] for what
// it hands over.
//
// The wire form of an item, the filters and the protocol are those of
// Wrangler's "trace-v1", so that either end may be replaced by Cloudflare's.
package tail

import _ "embed" // for Collector

// Collector is the ES module that watches workers from inside the engine. Its
// export "Collector" is an entrypoint for the engine's streaming tails, which
// expects the props {script, version, token}; its default export answers POST
// /on, POST /off, POST /notable, GET /state, and GET /open with the number of
// invocations that are under way. A text binding INITIAL, "on", "off" or
// "notable", says in which state it starts; notable invocations are those that
// logged, threw or failed. It prints lines "token I {json}" and "token P {json}".
//
//go:embed collector.js
var Collector string
