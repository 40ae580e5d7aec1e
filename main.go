// Command paddock is a Wrangler-compatible toolchain for Durable Objects that
// needs no cloud: it runs a Worker project (dev), ships it to a local object
// runtime (publish), follows its logs (tail) and checks its configuration.
package main

import (
	"os"

	"paddock/cmd"
)

func main() { os.Exit(cmd.Main(os.Args[1:])) }
