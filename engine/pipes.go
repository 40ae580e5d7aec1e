package engine

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// pipes are one side of the pipes between this process and the engine.
type pipes struct{ stdout, stderr, control *os.File }

// openPipes returns our side, which reads, and the engine's, which writes.
func openPipes() (ours, theirs pipes, err error) {
	for _, end := range []struct{ r, w **os.File }{
		{&ours.stdout, &theirs.stdout}, {&ours.stderr, &theirs.stderr}, {&ours.control, &theirs.control},
	} {
		if *end.r, *end.w, err = os.Pipe(); err != nil {
			ours.close()
			theirs.close()
			return pipes{}, pipes{}, err
		}
	}
	enlargePipe(theirs.stdout)
	return ours, theirs, nil
}

func (p pipes) files() []*os.File { return []*os.File{p.stdout, p.stderr, p.control} }

// close closes those that are open; closing a nil File does nothing.
func (p pipes) close() {
	for _, f := range p.files() {
		_ = f.Close()
	}
}

// expire ends all reading at a deadline.
func (p pipes) expire(deadline time.Time) {
	for _, f := range p.files() {
		_ = f.SetReadDeadline(deadline) // every pipe can
	}
}

// awaitListening reads the control channel until every socket listens. The
// engine says so after all scripts have loaded; an end before that is the end
// of the start, and the reason stands on stderr.
func awaitListening(control io.Reader, sockets int) error {
	lines := json.NewDecoder(control)
	for n := 0; n < sockets; {
		var message struct {
			Event string `json:"event"`
		}
		if err := lines.Decode(&message); err != nil {
			return fmt.Errorf("read control channel: %w", err)
		}
		if message.Event == "listen" {
			n++
		}
	}
	return nil
}
