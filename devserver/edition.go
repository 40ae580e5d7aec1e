package devserver

import (
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"

	"paddock/devserver/errorpage"
)

// An edition is what browsers see of a session until it changes. It is not
// changed once it is published.
type edition struct {
	name     string // differs from that of every other edition of any session
	starting bool   // nothing can be said yet
	served   map[string]bool
	broken   []string // scripts whose saved code cannot run
	problems []errorpage.Problem
	hidden   bool          // the user wants to see what runs, not the problems
	replaced chan struct{} // closed when the next edition is there
}

// clean says that every request may go to the scripts.
func (e *edition) clean() bool { return !e.starting && len(e.broken) == 0 }

// editions holds the edition in force.
type editions struct {
	session string
	current atomic.Pointer[edition]

	mu    sync.Mutex // held by who makes the next one
	count int
}

func newEditions() *editions {
	e := &editions{session: rand.Text()[:12]}
	e.publish(edition{starting: true})
	return e
}

// publish puts the next edition in force.
func (e *editions) publish(next edition) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.put(next)
}

func (e *editions) put(next edition) {
	e.count++
	next.name = fmt.Sprintf("%s-%d", e.session, e.count)
	next.replaced = make(chan struct{})
	if old := e.current.Swap(&next); old != nil {
		close(old.replaced)
	}
}

// hide takes the problems of the named edition out of the way. Another one may
// be in force by now; then nothing happens.
func (e *editions) hide(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if now := *e.current.Load(); now.name == name {
		now.hidden = true
		e.put(now)
	}
}

// edition describes how things stand with the projects.
func (s *session) edition() edition {
	e := edition{served: map[string]bool{}}
	for _, p := range s.projects {
		e.served[p.worker.Name] = p.running != nil
		if len(p.problems) > 0 {
			e.broken = append(e.broken, p.worker.Name)
		}
		for _, d := range p.problems {
			e.problems = append(e.problems, errorpage.Problem{Diagnostic: d, Around: s.around(p, d.Location)})
		}
	}
	return e
}
