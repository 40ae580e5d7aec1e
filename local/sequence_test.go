package local_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

// How much [TestRandomSequences] does.
var (
	sequences    = flag.Int("sequences", 8, "random sequences of changes")
	sequenceSeed = flag.Uint64("sequence-seed", rand.Uint64(), "of the random sequences of changes")
)

// movesOf is how long a sequence is.
const movesOf = 25

// Random sequences of migrations, publishes, writes, rollbacks, restores,
// deletions and restarts, against a model. After each move the table of
// namespaces, the trash and the groups are the model's, and every increment
// that was acknowledged is read through every binding that should reach it. A
// move is refused if, and with a code for which, the model refuses it. Ten
// minutes of it, for a person:
//
//	go test ./local -run RandomSequences -timeout 0 -sequences 1000
func TestRandomSequences(t *testing.T) {
	t.Parallel()
	t.Logf("-sequence-seed %d", *sequenceSeed)
	total := &tally{}
	t.Cleanup(func() { t.Logf("%d sequences: %s", *sequences, total) })
	for n := range *sequences {
		t.Run(fmt.Sprintf("%04d", n), func(t *testing.T) {
			t.Parallel()
			s := &sequence{
				rig: open(t, t.TempDir()), total: total, random: rand.New(rand.NewPCG(*sequenceSeed, uint64(n))),
				model: model{scripts: map[string]*modelScript{}},
			}
			defer func() {
				if t.Failed() {
					t.Logf("-sequence-seed %d, after:\n%s", *sequenceSeed, strings.Join(s.moves, "\n"))
				}
			}()
			for n := range movesOf {
				if n < 2 {
					s.publish(s.propose())
				} else {
					s.move()
				}
				s.check()
			}
			s.bindAll()
			s.check()
		})
	}
}

// A sequence is a runtime and the model of it.
type sequence struct {
	*rig
	total  *tally
	random *rand.Rand
	model  model
	moves  []string // that were made, for whoever has to look into a failure
	tags   int
}

// A tally counts what all sequences have done.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (t *tally) add(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[string]int{}
	}
	t.counts[what]++
}

func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []string
	for _, what := range sortedKeys(t.counts) {
		list = append(list, fmt.Sprintf("%s %d", what, t.counts[what]))
	}
	return strings.Join(list, ", ")
}

// move makes one random move.
func (s *sequence) move() {
	s.t.Helper()
	moves := []struct {
		weight int
		do     func()
	}{
		{10, func() { s.publish(s.propose()) }}, {8, s.write}, {3, s.rollback}, {4, s.restore}, {1, s.deleteSome}, {1, s.restart},
	}
	at := s.random.IntN(27)
	for _, m := range moves {
		if at -= m.weight; at < 0 {
			m.do()
			return
		}
	}
}

func (s *sequence) noted(format string, args ...any) {
	s.moves = append(s.moves, fmt.Sprintf(format, args...))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// pick returns one of a list, if there is any.
func pick[T any](random *rand.Rand, list []T) (one T, ok bool) {
	if len(list) == 0 {
		return one, false
	}
	return list[random.IntN(len(list))], true
}
