// Command embed fetches the engine of a platform and compresses it into its
// own folder, from where a build with the tag "bundled" embeds it:
//
//	go generate ./engine                            # for this machine
//	GOOS=linux GOARCH=arm64 go generate ./engine    # for another one
//
// The files are ignored by git. They can be removed at any time.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"paddock/engine"
	"paddock/internal/iostreams"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage, in the folder engine: go run ./embed OS/ARCH")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := embed(ctx, iostreams.System(), os.Args[1])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err) // the hints are for those who run paddock
		os.Exit(1)
	}
}

func embed(ctx context.Context, streams *iostreams.Streams, platform string) error {
	progress := streams.Progress("Embedding workerd " + engine.Version + " for " + platform)
	// An engine of the user's own choice has no place in a program that is
	// given to others.
	f := engine.Finder{Getenv: func(string) string { return "" }, Platform: platform, Progress: progress.Set}
	path, err := f.Embed(ctx, "embed")
	progress.Done()
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(streams.Out, "engine/%s (%.1f MB)\n", path, float64(info.Size())/1e6)
	return err
}
