//go:build bundled

package engine

import _ "embed"

// embedded is the engine, compressed. If the compiler finds no such file, run
// `GOOS=linux GOARCH=arm64 go generate ./engine`. It is a string because those
// are read from the program's file only when somebody looks at them.
//
//go:embed embed/workerd-1.20261117.1-linux-arm64.zst
var embedded string
