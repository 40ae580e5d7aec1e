package engine

import "os"

// socketSet is the listening sockets of one process, in a folder of their own.
type socketSet struct {
	dir     string
	sockets []listeningSocket
	paths   map[string]string // worker -> path
	health  string            // path of the health socket
}

type listeningSocket struct {
	name string // the engine's name for it
	file *os.File
}

// closeFiles closes our copies of the sockets. They must not stay open beside
// the engine's: clients of an engine that died would wait in the queue of a
// socket that nobody accepts from.
func (s *socketSet) closeFiles() {
	for _, l := range s.sockets {
		l.file.Close()
	}
}

// removeDir removes the folder. A failure leaves some empty files in a
// temporary folder, which is not worth failing for.
func (s *socketSet) removeDir() { _ = os.RemoveAll(s.dir) }
