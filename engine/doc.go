// Package engine runs workerd, the engine that executes the scripts. It knows
// nothing of deployments, migrations or Wrangler: it is told what to run.
//
// There are two parts. [Finder] finds the pinned engine binary or installs it.
// [Start] runs one process of it from a [Config] and returns a [Process] once
// every socket answers; a start that fails is a [StartError], which carries
// what the engine said in the scripts' own terms. Requests go to
// [Process.SocketPath]; an unexpected end shows on [Process.Done].
//
// The engine has sharp edges: it freezes when nobody reads its output, drains
// without limit, outlives its parent and does not notice when two classes
// share their storage. Each is dealt with in this package, at the place whose
// comment names it, so that callers need not know.
package engine
